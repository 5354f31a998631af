-- Starts `autorecon lsp` for .space files, by the client that Neovim has built in.
vim.bo.commentstring = "# %s"
vim.bo.expandtab = true
vim.bo.shiftwidth = 2

local command = vim.g.autorecon_command or { "autorecon", "lsp" }
if vim.fn.executable(command[1]) == 0 then
  return
end

local buffer = vim.api.nvim_get_current_buf()
local file = vim.api.nvim_buf_get_name(buffer)
local root = file ~= "" and vim.fn.fnamemodify(file, ":p:h") or vim.fn.getcwd()

if vim.lsp.start then
  vim.lsp.start({ name = "autorecon", cmd = command, root_dir = root })
else -- Neovim 0.7
  vim.g.autorecon_client = vim.g.autorecon_client
    or vim.lsp.start_client({ name = "autorecon", cmd = command, root_dir = root })
  vim.lsp.buf_attach_client(buffer, vim.g.autorecon_client)
end
