namespace Graft.Cli;

/// <summary>The commands of the shell that begin with a dot: what they are, ask and set.</summary>
internal static class DotCommands
{
    internal const string Help =
        """
        .tables [PATTERN]     tables and views
        .schema [TABLE]       how they were made
        .indexes [TABLE]      indexes
        .explain SQL          how SQLite would run a query
        .read FILE            run statements from a file
        .mode [MODE]          box, table, csv, json, jsonl, line, markdown, insert
        .headers on|off       names of the columns
        .nullvalue TEXT       what stands for NULL
        .timer on|off         how long each statement took
        .bail on|off          stop at the first error of a script
        .consistency [LEVEL]  linearizable, lease, stale
        .nodes .leader .status
        .show                 what is set
        .help                 this
        .quit .exit           leave; Ctrl+D does too

        """;

    internal static readonly string[] Names =
    [
        ".bail", ".consistency", ".exit", ".explain", ".headers", ".help", ".indexes", ".leader", ".mode", ".nodes", ".nullvalue", ".quit", ".read",
        ".schema", ".show", ".status", ".tables", ".timer",
    ];

    internal static string Tables(string pattern) =>
        $"SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_graft\\_%' ESCAPE '\\' AND name LIKE {Quote(pattern.Length == 0 ? "%" : pattern)} ORDER BY name";

    internal static string Schema(string table) =>
        $"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_graft\\_%' ESCAPE '\\' AND tbl_name LIKE {Quote(table.Length == 0 ? "%" : table)} ORDER BY rowid";

    internal static string Indexes(string table) =>
        $"SELECT tbl_name AS \"table\", name FROM sqlite_master WHERE type = 'index' AND tbl_name NOT LIKE '\\_graft\\_%' ESCAPE '\\' AND tbl_name LIKE {Quote(table.Length == 0 ? "%" : table)} ORDER BY 1, 2";

    /// <summary>Sets something, or shows what it can be set to.</summary>
    /// <returns>What is to be printed.</returns>
    internal static string Set(ShellSettings settings, string[] words)
    {
        string value = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case ".mode" when Enum.TryParse(value, ignoreCase: true, out ShellMode mode) && value.All(char.IsAsciiLetter):
                settings.Mode = mode;
                return "";
            case ".mode":
                return $"{settings.Mode.ToString().ToLowerInvariant()}; there are: {string.Join(' ', Enum.GetNames<ShellMode>().Select(name => name.ToLowerInvariant()))}\n";
            case ".headers" when IsSwitch(value):
                settings.HasHeaders = value == "on";
                return "";
            case ".timer" when IsSwitch(value):
                settings.ShowsTime = value == "on";
                return "";
            case ".bail" when IsSwitch(value):
                settings.Bails = value == "on";
                return "";
            case ".nullvalue":
                settings.NullText = value;
                return "";
            case ".consistency" when value.Length > 0:
                settings.Consistency = QueryVerb.LevelOf(value, null, null);
                return "";
            case ".consistency":
                return $"{settings.Consistency}; there are: linearizable lease stale\n";
            case ".show":
                return $"mode {settings.Mode.ToString().ToLowerInvariant()}, headers {OnOff(settings.HasHeaders)}, nullvalue '{settings.NullText}', timer {OnOff(settings.ShowsTime)}, bail {OnOff(settings.Bails)}, consistency {settings.Consistency}\n";
            case ".headers" or ".timer" or ".bail":
                throw Invocation.Usage($"{words[0]}: expected on or off, found '{value}'");
            default:
                string[] near = Suggestions.For(words[0], Names);
                throw new FailureException(new Failure(FailureCode.Usage, $"'{words[0]}' is no command of the shell")
                {
                    Facts = near.Length > 0 ? [$"did you mean: {string.Join(", ", near)}"] : [".help lists them"],
                });
        }
    }

    private static bool IsSwitch(string value) => value is "on" or "off";

    private static string OnOff(bool value) => value ? "on" : "off";

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
