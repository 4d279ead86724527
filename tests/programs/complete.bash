# SPDX-License-Identifier: MIT
#
# What bash offers at the end of each line: bash complete.bash FOLDER LINE...
# Prints an offer a line, and a line with a dot behind those of each LINE.
folder=$1
shift
for line; do
  read -ra COMP_WORDS <<<"${line//=/ = }"
  if [[ $line == *' ' ]]; then
    COMP_WORDS+=('')
  fi
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  source "$folder/${COMP_WORDS[0]}.bash" || exit
  specification=$(complete -p "${COMP_WORDS[0]}") || exit
  function=${specification#*-F }
  "${function%% *}"
  for offer in "${COMPREPLY[@]}"; do
    printf '%s\n' "$offer"
  done
  echo .
done
