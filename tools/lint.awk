# SPDX-License-Identifier: MIT
#
# The rules of tools/lint, for any POSIX awk. Run it through tools/lint.
#
# rule spdx: the first line (the second, after #!) carries the SPDX licence identifier
# rule macro-body: a #define holds at most four statements beside its static checks
# rule vendor-conditional: no #if on a vendor, compiler target or machine outside arch/
# rule wave-width: no literal 32 or 64 beside a lane, wave, warp or thread count outside arch/
# rule template-undef: an include template (*.inc) or list (*.def) undefines each parameter it reads
# rule kernel-conditional: a kernel's source in examples/ holds no #if
# rule layering: includes point one way, examples -> ops -> tiles -> arch
# rule machine-files: the folders of all machines hold the same file names
# rule raw-instruction: builtins and asm of a machine stand in its isa*.h only, or in the checker's planted kernels
# rule unfinished: no word that marks unfinished work
# rule long-file: no source file over 400 lines
# rule line-length: no line over 120 columns in C (.clang-format aims at 110)
# rule whitespace: no tab and no trailing blank in C
# rule terms: in names a wave is a wave and a block a block, whatever a vendor calls them
# rule machine-path: no absolute path of somebody's machine

function report(rule, text) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, text
}

function report_at(line, rule, text) {
    printf "%s:%d: %s: %s\n", path, line, rule, text
}

# The line without comments, string contents and character constants; in_comment lasts across lines.
function code_of(line,    out, i, close_at, quote) {
    out = ""
    while (line != "") {
        if (in_comment) {
            close_at = index(line, "*/")
            if (!close_at)
                return out
            line = substr(line, close_at + 2)
            in_comment = 0
            continue
        }
        if (!match(line, /\/\*|\/\/|"|'/))
            return out line
        out = out substr(line, 1, RSTART - 1)
        quote = substr(line, RSTART, 1)
        line = substr(line, RSTART + RLENGTH)
        if (quote == "/") {
            if (RLENGTH == 2 && substr($0, length($0) - length(line), 1) == "/")
                return out
            in_comment = 1
            continue
        }
        out = out quote
        for (i = 1; i <= length(line); ++i) {
            if (substr(line, i, 1) == "\\")
                ++i
            else if (substr(line, i, 1) == quote)
                break
        }
        out = out quote
        line = substr(line, i + 1)
    }
    return out
}

function layer_of(file) {
    if (file ~ /^arch\//)       return 1
    if (file ~ /^tiles\//)      return 2
    if (file ~ /^ops\//)        return 3
    if (file == "tilewright.h") return 4
    if (file ~ /^examples\//)   return 5
    return 0
}

function end_file(    name) {
    if (path == "")
        return
    if (is_c && last_line > 400)
        report_at(last_line, "long-file", last_line " lines, 400 at most: is it one idea?")
    if (path ~ /\.(inc|def)$/)
        for (name in parameter)
            if (!(name in undefined))
                report_at(parameter[name], "template-undef", name " is a parameter here but is not undefined at the end")
}

# `text` without every call of a name that ends in `suffix`, parentheses balanced.
function without_calls(text, suffix,    start, depth, i, character) {
    while (match(text, suffix "[ ]*[(]")) {
        start = RSTART
        depth = 1
        for (i = RSTART + RLENGTH; depth && i <= length(text); ++i) {
            character = substr(text, i, 1)
            depth += (character == "(") - (character == ")")
        }
        text = substr(text, 1, start - 1) " CHECKED" substr(text, i)
    }
    return text
}

# A macro's statements are the semicolons directly inside braces, but for declarations of types and static
# checks; those of a for stand in its parentheses.
function end_macro(    body, i, open, statements, character) {
    body = macro_text
    while (match(body, /(struct|union|enum)[ A-Za-z0-9_#]*[{][^{}]*[}]/))
        body = substr(body, 1, RSTART - 1) substr(body, RSTART + RLENGTH)
    body = without_calls(body, "(STATIC_ASSERT|static_assert|CHECK_[A-Z]+)")
    gsub(/CHECKED *;/, "", body)
    open = ""
    statements = 0
    for (i = 1; i <= length(body); ++i) {
        character = substr(body, i, 1)
        if (character ~ /[({]/)
            open = open character
        else if (character ~ /[)}]/)
            open = substr(open, 1, length(open) - 1)
        else if (character == ";" && open ~ /[{]$/)
            ++statements
    }
    if (statements > 4)
        report_at(macro_start, "macro-body", statements " statements in a #define, four at most beside static checks;" \
                  " move them to an inline function or an include template")
    macro_text = ""
    in_macro = 0
}

BEGIN {
    rows = split(machines, row, ",")
    for (i = 1; i <= rows; ++i) {
        split(row[i], field, " ")
        if (field[1] != "" && field[1] != "cpu") {
            machine_words = machine_words "|" field[1]
            vendor_words[field[2]] = 1
        }
    }
    for (name in vendor_words)
        machine_words = machine_words "|" name "|" toupper(name)
    vendor_test = "__CUDA|__NV|__HIP|__AMD|__GFX|__gfx|__GCN|__x86_64__|__aarch64__|__AVX|__ARM" \
                  "|TW_ARCH_|TW_MACHINE|TW_EMULATED" machine_words
    width = "(31|32|63|64)"
    wave = "[A-Za-z0-9_.>-]*([Ll]ane|[Ww]ave|[Ww]arp|[Tt]hread|LANE|WAVE|WARP|THREAD)[A-Za-z0-9_.>-]*"
    joint = "([] ()]+|[] ()]*([-+*/%&|<>=!^]|==|<=|>=|!=|<<|>>)[ (]*)"
    unfinished = "(TO" "DO|FIX" "ME|XX" "X|HA" "CK)"
    unfinished_prose = "(not imple" "mented|place" "holder|st" "ub)"
}

FNR == 1 {
    end_file()
    path = FILENAME
    is_c = path ~ /\.(h|inc|def|c|cc|cpp|cu|hip)$/
    is_arch = path ~ /^(arch|tests\/arch|tests\/emulator)\//
    in_comment = in_macro = is_kernel = 0
    layer = layer_of(path)
    conditionals = 0
    split("", parameter)
    split("", undefined)
    licensed = path ~ /\.(md|json|tsv)$/
}

{ last_line = FNR }

FNR <= 2 && /SPDX-License-Identifier: MIT/ && (FNR == 1 || shebang) { licensed = 1 }
FNR == 1 { shebang = /^#!/ }
(FNR == 2 || (FNR == 1 && !shebang)) && !licensed {
    report("spdx", "the first line must name the licence: SPDX-License-Identifier: MIT")
    licensed = 1
}

path != "tools/lint.awk" {
    if ($0 ~ "(^|[^A-Za-z0-9_])" unfinished "([^A-Za-z0-9_]|$)" ||
        tolower($0) ~ "(^|[^a-z0-9_])" unfinished_prose "([^a-z0-9_]|$)")
        report("unfinished", "finish it, or file an issue and say here what holds today")
    if ($0 ~ /(^|[^A-Za-z0-9_.~<}$"-])\/(root|work|Users|home\/[a-z]+)\//)
        report("machine-path", "a path of one person's machine")
}

!is_c { next }

length($0) > 120 { report("line-length", length($0) " columns, 120 at most") }
/\t/ || / $/ { report("whitespace", "a tab or a trailing blank") }

{
    code = code_of($0)
    directive = code
    gsub(/[ \t]+/, " ", directive)
    sub(/^ ?# ?/, "#", directive)
}

# Macros: gather a #define and its continuation lines.
directive ~ /^#define / {
    in_macro = 1
    macro_start = FNR
    macro_text = ""
}
in_macro {
    text = code
    sub(/^ *# *define +[A-Za-z0-9_]+/, "", text)
    continued = sub(/\\$/, "", text)
    macro_text = macro_text " " text
    if (!continued)
        end_macro()
}

directive ~ /^#(el)?if/ && !is_arch && directive ~ vendor_test {
    report("vendor-conditional", "ask a capability of the machine instead, or move this into arch/")
}

# Kernels: the rule holds for the whole file, wherever TW_KERNEL stands in it.
path ~ /^examples\/[^\/]*\/[^\/]*\.c$/ {
    if (directive ~ /^#(el)?if/)
        conditional[++conditionals] = FNR
    if (code ~ /^TW_KERNEL *\(/)
        is_kernel = 1
    if (is_kernel) {
        for (i = 1; i <= conditionals; ++i)
            report_at(conditional[i], "kernel-conditional", "a kernel has no #if: make it an option or a capability")
        conditionals = 0
    }
}

!is_arch && path !~ /^tests\// {
    if (code ~ wave joint width "([^A-Za-z0-9_.]|$)" ||
        code ~ "(^|[^A-Za-z0-9_.])" width "[ )]*([-+*/%&|<>=!^]|==|<=|>=|!=|<<|>>)[ (]*" wave)
        report("wave-width", "a literal wave width; use TW_LANES or the registry's column")
    if (code ~ /(^|[^A-Za-z])([Ww]arp|[Ww]avefront|[Tt]hreadblock|[Tt]hread_block|[Cc]ta|CTA|WARP|WAVEFRONT|[Ww]orkgroup)/)
        report("terms", "say wave or block, as everywhere else")
}

path ~ /\.(inc|def)$/ {
    words = split(directive, word, /[^A-Za-z0-9_#]+/)
    if (word[1] == "#undef")
        undefined[word[2]] = 1
    else if ((word[1] == "#ifndef" || word[1] == "#ifdef" || word[1] == "#define") && word[2] !~ /^_/)
        parameter[word[2]] = (word[2] in parameter) ? parameter[word[2]] : FNR
    for (i = 2; i <= words; ++i)
        if (word[i - 1] == "defined" && word[i] !~ /^_/ && !(word[i] in parameter))
            parameter[word[i]] = FNR
    if (path ~ /\.def$/ && directive ~ /^[A-Z][A-Z0-9_]* *\(/ && !(word[1] in parameter))
        parameter[word[1]] = FNR
}

layer && $0 ~ /^ *# *include/ {
    target = $0
    sub(/^ *# *include *["<]/, "", target)
    sub(/[">].*/, "", target)
    while (sub(/^\.\.\//, "", target))
        ;
    if (target ~ /^(host|tools|tests)\// && layer < 5)
        report("layering", target " belongs to the host; a device header includes arch/, tiles/ or ops/")
    else if (layer_of(target) > layer && !(layer == 5))
        report("layering", target " stands above this file; includes go examples -> ops -> tiles -> arch")
}

path !~ /\/isa[a-z_]*\.h$/ && path !~ /^(arch\/emulator|tests\/checker\/asm)\// {
    if (code ~ /__builtin_amdgcn_|__builtin_nvvm_|__nvvm_|(^|[^A-Za-z0-9_])(__asm__|__asm|asm)[ (]/)
        report("raw-instruction", "give the instruction an inline function in the machine's isa.h")
}

END { end_file() }
