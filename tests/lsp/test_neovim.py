"""Neovim, headless, with its built-in client and the files of `editors/nvim`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autorecon.lang import resource_folder
from tests.lsp.conftest import PAPER, START

NVIM = shutil.which("nvim")
EDITOR = resource_folder("spaces").parent / "editors" / "nvim"
SESSION = """
local function wait(what, holds)
  if not vim.wait(60000, holds, 20) then
    error("no " .. what)
  end
end

local function find(text)
  for line, content in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, true)) do
    local column = content:find(text, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { line, column - 1 })
      return
    end
  end
  error("no " .. text)
end

local function ask(method, more)
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(0, "utf-16"), more or {})
  local answers = vim.lsp.buf_request_sync(0, "textDocument/" .. method, params, 60000)
  for _, answer in pairs(answers or {}) do
    assert(not answer.err, vim.inspect(answer.err))
    return answer.result
  end
  error("no answer to " .. method)
end

local said = {}
local function say(...)
  table.insert(said, table.concat(vim.tbl_map(tostring, { ... }), " "))
end

local function run()
  wait("diagnostics", function() return #vim.diagnostic.get(0) == 1 end)
  local fault = vim.diagnostic.get(0)[1]
  say("diagnostic", fault.code, fault.lnum, fault.col)

  find("conf(1)")
  local fault_range = { start = { line = fault.lnum, character = fault.col } }
  fault_range["end"] = { line = fault.end_lnum, character = fault.end_col }
  local actions = ask("codeAction", { range = fault_range, context = { diagnostics = {} } })
  vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
  wait("mended text", function() return #vim.diagnostic.get(0) == 0 end)
  say("mended", vim.fn.search("= conv(1)", "n") > 0)

  find("n2, n3, n4")
  say("hover", ask("hover").contents.value:match("`B2.n2`|(%S-)|"))
  vim.lsp.util.apply_workspace_edit(ask("rename", { newName = "middle" }), "utf-16")
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\\n")
  say("renamed", select(2, text:gsub("middle", "")))
end

vim.defer_fn(function()
  local sound, fault = pcall(run)
  if not sound then
    say("failed", fault)
  end
  print(table.concat(said, "; "))
  vim.cmd(sound and "qall!" or "cquit!")
end, 10)
"""


@pytest.mark.skipif(NVIM is None, reason="needs Neovim")
def test_a_real_editor(tmp_path: Path) -> None:
    space, session = tmp_path / "one.space", tmp_path / "session.lua"
    space.write_text(PAPER.replace("= conv(1)", "= conf(1)"), "utf-8")
    session.write_text(SESSION)
    python = f"vim.g.autorecon_command = {{ {sys.executable!r}, '-c', {START!r}, 'lsp' }}"
    command = [str(NVIM), "--headless", "-u", "NONE", "-i", "NONE", "-n"]
    command += ["--cmd", f"set runtimepath^={EDITOR}", "--cmd", "filetype plugin on"]
    command += ["--cmd", f"lua {python}", str(space), "-c", f"luafile {session}"]
    homes = {name: str(tmp_path) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    environment = {**os.environ, **homes}
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    shown = " ".join((run.stdout + run.stderr).split())
    assert run.returncode == 0, shown
    assert shown == "diagnostic E0202 9 23; mended true; hover 64x16x16; renamed 5"
