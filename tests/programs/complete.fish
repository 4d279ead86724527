# SPDX-License-Identifier: MIT
#
# What fish offers at the end of each line: fish complete.fish FOLDER LINE...
# Prints an offer a line, and a line with a dot behind those of each LINE.
set folder $argv[1]
for line in $argv[2..]
    set program (string split ' ' -- $line)[1]
    source $folder/$program.fish; or exit
    # Behind each offer are a tab and its description.
    complete -C $line | string replace -r '\t.*' ''
    echo .
end
