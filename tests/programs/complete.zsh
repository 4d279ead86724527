# SPDX-License-Identifier: MIT
#
# What zsh offers at the end of each line: zsh -f complete.zsh FOLDER LINE...
# Prints an offer a line, and a line with a dot behind those of each LINE. Completion needs a line
# editor, which needs a terminal: so a second zsh runs on one, and writes its offers to a file.
zmodload zsh/zpty
offers=$(mktemp) || exit
trap 'rm -f $offers' EXIT
folder=$1
shift

zpty inner zsh -f -i
inner() { zpty -w inner "$1" }
inner "PROMPT= PS2= offers=${(q)offers} folder=${(q)folder}"
inner 'fpath=($folder $fpath); autoload -Uz compinit; compinit -u -D'
# Called by the completions with what they offer.
inner 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a found
  builtin compadd -A found "$@"
  (($#found == 0)) || print -rl -- $found >>$offers
  builtin compadd "$@"
}'
inner 'tell() { zle list-choices; print -r -- . >>$offers; zle kill-whole-line }'
inner 'zle -N tell; bindkey "^T" tell; print -r ready >>$offers'

# await COUNT: until the file has so many lines that end something, for at most 30 s.
zmodload zsh/zselect
await() {
  local tries
  for ((tries = 0; tries < 3000; ++tries)); do
    (( $(grep -cxE 'ready|\.' $offers) < $1 )) || return 0
    zpty -r -t inner output >/dev/null
    zselect -t 1
  done
  print -u2 "zsh does not answer: $output"
  exit 1
}
await 1
done=1
for line; do
  zpty -w -n inner "$line"$'\x14'
  await $((++done))
done
tail -n +2 $offers
