autocmd BufRead,BufNewFile *.space setfiletype space
