" Colours for .space files where no language server gives any.
if exists("b:current_syntax")
  finish
endif

syntax keyword spaceKeyword after and block choice edge else for genotype if in input let limit merge node not of op
syntax keyword spaceKeyword optional or out output rule share space then use
syntax keyword spaceConstant true false
syntax keyword spaceOperation conv sepconv deconv pixel_shuffle nearest bilinear bicubic none identity linear embed
syntax keyword spaceOperation attention bn ccbn layer_norm instance_norm group_norm relu leaky_relu prelu elu selu silu
syntax keyword spaceOperation gelu tanh sigmoid link scale gain mask reshape expand factorized_reduce pixel_norm avg_pool max_pool global_pool
syntax match spaceFunction "\v<(min|max|sum|len)>\ze\("
syntax match spaceNumber "\v<\d+(\.\d+)?([eE][-+]?\d+|[kMG])?>"
syntax match spaceOperator "\v\>\>|-\>|\.\.|\|"
syntax region spaceString start=+"+ end=+"+ oneline
syntax match spaceComment "#.*$"

highlight default link spaceKeyword Keyword
highlight default link spaceConstant Boolean
highlight default link spaceOperation Function
highlight default link spaceFunction Function
highlight default link spaceNumber Number
highlight default link spaceOperator Operator
highlight default link spaceString String
highlight default link spaceComment Comment

let b:current_syntax = "space"
