// The language, in Python, apart from the page: what takes too long is ended with its worker.
import { loadPyodide } from "./pyodide.mjs";
import { instance } from "./viz.js";

const [[python, took], viz] = await Promise.all([load(), instance()]);
postMessage({ ready: took });

async function load() {
  const archive = fetch("python.zip").then((answer) => answer.arrayBuffer());
  const pyodide = await loadPyodide({ indexURL: new URL(".", import.meta.url).href });
  pyodide.unpackArchive(await archive, "zip", { extractDir: "/python" });
  pyodide.runPython("import sys; sys.path.insert(0, '/python')");
  const start = performance.now();
  return [pyodide.pyimport("playground"), performance.now() - start];
}

function drawing(dot, name) {
  try {
    return JSON.parse(python.picture(viz.renderString(dot, { format: "svg" }), name));
  } catch (error) {
    return { failed: `The drawing was given up: ${error.message}` };
  }
}

addEventListener("message", ({ data }) => {
  try {
    if (data.tidy) return postMessage({ tidied: JSON.parse(python.tidy(data.text)) });
    const { dot, ...found } = JSON.parse(python.look(data.text));
    postMessage({ found });
    postMessage({ drawn: dot ? drawing(dot, found.name) : null });
  } catch (error) {
    // Python has answers to all that it foresees; what is left may have hurt it.
    postMessage({ broken: String(error.message).trim().split("\n").pop() });
  }
});
