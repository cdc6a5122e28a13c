using System.CommandLine;

namespace Graft.Cli;

/// <summary><c>graft completion</c>: a script for a shell, which asks graft itself for what fits.</summary>
internal static class CompletionVerb
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    internal static GraftVerb Build(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh" };
        shell.CompletionSources.Add(Shells);
        var verb = new GraftVerb("completion", "Generate the autocompletion script for the specified shell", VerbGroup.Additional)
        {
            Arguments = { shell },
            Examples = ["source <(graft completion bash)", "graft completion fish > ~/.config/fish/completions/graft.fish"],
        };
        verb.SetAction(parsed => terminal.Out.Write(ScriptFor(parsed.GetValue(shell)!)));
        return verb;
    }

    internal static string ScriptFor(string shell) => shell switch
    {
        "bash" => """
            # bash completion for graft
            _graft() {
              local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]}
              COMPREPLY=()
              local found
              found=$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null) || return 0
              local each
              for each in $found; do
                [[ $each == "$word"* ]] && COMPREPLY+=("$each")
              done
              return 0
            }
            complete -o default -F _graft graft

            """,
        "zsh" => """
            #compdef graft
            _graft() {
              local -a found
              found=("${(@f)$(${words[1]} "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
              compadd -a found
            }
            compdef _graft graft

            """,
        "fish" => """
            # fish completion for graft
            function __graft_complete
              set -l line (commandline -cp)
              graft "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c graft -a '(__graft_complete)'

            """,
        "pwsh" => """
            # PowerShell completion for graft
            Register-ArgumentCompleter -Native -CommandName graft -ScriptBlock {
              param($word, $ast, $position)
              graft "[suggest:$position]" "$ast" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }

            """,
        _ => throw new FailureException(new Failure(FailureCode.Usage, $"there is no completion for '{shell}'") { Facts = [$"shells: {string.Join(", ", Shells)}"] }),
    };
}
