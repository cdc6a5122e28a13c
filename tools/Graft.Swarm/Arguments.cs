using System.Globalization;

namespace Graft.Swarm;

/// <summary>What the command line asks for, checked.</summary>
internal sealed class Arguments
{
    internal const string Usage =
        """
        usage: ./swarm [-p:PlantedBug=NAME] --layer core|log|node --seeds N [--from S] [--rot] [--seconds SIM] [--jobs J] [--budget SECONDS] [--stop-at-first] [--trace] [--json]
               ./swarm --kill-table [--layer core|log] [--budget-seeds K] [--budget SECONDS] [--only NAME,...]
          -p:PlantedBug=NAME build with this bug planted; goes to the build, so it has to come first
          --layer LAYER      which layer to simulate: the consensus core on simulated hosts, the write-ahead log on a simulated disk, or whole nodes and their clients
          --seeds N          how many seeds to run
          --from S           the first seed; 1 unless given
          --seconds SIM      simulated seconds of faults per seed, before the healing; 30 unless given (core, node)
          --rot              let some seeds damage the medium (log)
          --jobs J           threads, one seed at a time on each; the number of processors unless given
          --budget SECONDS   start no further seed after this many seconds
          --stop-at-first    stop at the first seed that fails
          --trace            print every event of every seed (for one seed at a time)
          --json             print the summary as one JSON object before the last line
          --kill-table       build the layer with each planted bug, and see that the simulator finds it
          --only NAME,...    only these planted bugs
        """;

    internal bool IsKillTable { get; private set; }

    /// <summary>The log rather than the core.</summary>
    internal bool IsLog { get; private set; }

    /// <summary>Whole nodes rather than the core.</summary>
    internal bool IsNode { get; private set; }

    /// <summary>Some seeds of the log damage the medium.</summary>
    internal bool AllowsRot { get; private set; }

    internal ulong From { get; private set; } = 1;

    internal int Seeds { get; private set; }

    internal int Seconds { get; private set; } = 30;

    internal int Jobs { get; private set; } = Environment.ProcessorCount;

    internal double Budget { get; private set; } = double.PositiveInfinity;

    internal bool StopsAtFirst { get; private set; }

    internal bool IsTracing { get; private set; }

    internal bool IsJson { get; private set; }

    internal int BudgetSeeds { get; private set; } = 2000;

    internal string? Only { get; private set; }

    /// <returns>Null and a sentence if the arguments make no sense.</returns>
    internal static Arguments? Parse(ReadOnlySpan<string> words, out string? problem)
    {
        var arguments = new Arguments();
        string? layer = null;
        problem = null;
        for (int i = 0; i < words.Length && problem is null; i++)
        {
            string word = words[i];
            string? value = i + 1 < words.Length ? words[i + 1] : null;
            switch (word)
            {
                case "--layer":
                    layer = value;
                    problem = value is null ? "--layer expects 'core', 'log' or 'node', and nothing came. Write --layer core." : null;
                    arguments.IsLog = value == "log";
                    arguments.IsNode = value == "node";
                    i++;
                    break;
                case "--seeds":
                    arguments.Seeds = (int)Number(word, value, 1, int.MaxValue, ref problem);
                    i++;
                    break;
                case "--from":
                    arguments.From = Number(word, value, 0, ulong.MaxValue / 2, ref problem);
                    i++;
                    break;
                case "--seconds":
                    arguments.Seconds = (int)Number(word, value, 1, 1_000_000, ref problem);
                    i++;
                    break;
                case "--jobs":
                    arguments.Jobs = (int)Number(word, value, 1, 1024, ref problem);
                    i++;
                    break;
                case "--budget":
                    arguments.Budget = Number(word, value, 1, 10_000_000, ref problem);
                    i++;
                    break;
                case "--budget-seeds":
                    arguments.BudgetSeeds = (int)Number(word, value, 1, int.MaxValue, ref problem);
                    i++;
                    break;
                case "--only":
                    arguments.Only = value;
                    problem = value is null ? "--only expects the name of a planted bug, and nothing came. The names are in Planted.cs of src/Graft.Consensus and src/Graft.Storage." : null;
                    i++;
                    break;
                case "--kill-table":
                    arguments.IsKillTable = true;
                    break;
                case "--rot":
                    arguments.AllowsRot = true;
                    break;
                case "--stop-at-first":
                    arguments.StopsAtFirst = true;
                    break;
                case "--trace":
                    arguments.IsTracing = true;
                    break;
                case "--json":
                    arguments.IsJson = true;
                    break;
                case ['-', 'p', ':', ..]:
                    problem = $"'{word}' goes to the build and has to come first, before all other arguments. Write ./swarm {word} --layer core ...";
                    break;
                default:
                    problem = $"No such argument: '{word}'. Leave it out, or see the list below.";
                    break;
            }
        }

        problem ??= arguments.FindContradiction(layer);
        return problem is null ? arguments : null;
    }

    private string? FindContradiction(string? layer)
    {
        if (IsKillTable)
        {
            return layer is null or "core" or "log" ? null : $"--kill-table expects the layer 'core' or 'log', and '{layer}' came. Write --layer core.";
        }

        return layer switch
        {
            null => "--layer is missing. Write --layer core, --layer log or --layer node.",
            not ("core" or "log" or "node") => $"--layer expects 'core', 'log' or 'node', and '{layer}' came. Write --layer core.",
            _ => Seeds == 0 ? "--seeds is missing. Say how many seeds to run, for example --seeds 100." : null,
        };
    }

    private static ulong Number(string word, string? value, ulong low, ulong high, ref string? problem)
    {
        if (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number >= low && number <= high)
        {
            return number;
        }

        problem = $"{word} expects a whole number from {low} to {high}, and {(value is null ? "nothing" : $"'{value}'")} came. Give one.";
        return low;
    }
}
