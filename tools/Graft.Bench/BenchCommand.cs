using System.Text.Json;
using Graft.Bench.Log;
using Graft.Bench.Wire;
using Graft.Storage;

namespace Graft.Bench;

/// <summary>The command line of <c>./bench</c>.</summary>
internal static class BenchCommand
{
    internal const int Success = 0;
    internal const int Failure = 1;
    internal const int BadArguments = 2;

    internal static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    internal static int Run(string[] args)
    {
        if (args is ["--help" or "-h", ..] or ["core", "--help" or "-h"])
        {
            Console.Out.WriteLine(CoreArguments.Usage);
            return Success;
        }

        if (args is ["log", "--help" or "-h", ..])
        {
            Console.Out.WriteLine(LogArguments.Usage);
            return Success;
        }

        if (args is ["wire", "--help" or "-h", ..])
        {
            Console.Out.WriteLine(WireArguments.Usage);
            return Success;
        }

        if (args.Length == 0)
        {
            return Refuse("Expected the name of a benchmark and got none. There are seven: core, log, wire, cluster, http, idle and follower.");
        }

        if (args[0] == "log")
        {
            return Log(args.AsSpan(1));
        }

        if (args[0] == "wire")
        {
            return Wire(args.AsSpan(1));
        }

        if (args[0] != "core")
        {
            return Refuse($"Expected the name of a benchmark and got '{args[0]}'. There are seven: core, log, wire, cluster, http, idle and follower.");
        }

        if (!CoreArguments.TryParse(args.AsSpan(1), out CoreArguments arguments, out string? error))
        {
            return Refuse(error);
        }

        try
        {
            return arguments.IsSmoke ? Smoke() : Measure(arguments);
        }
        catch (BenchmarkFailedException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    private static int Measure(CoreArguments arguments)
    {
        CoreReport report = CoreBenchmarks.Run(arguments, EtcdRival.LookUp(arguments));
        Console.Out.WriteLine(arguments.IsJson ? JsonSerializer.Serialize(report, Json) : CoreReportText.Of(report));
        return Success;
    }

    private static int Log(ReadOnlySpan<string> args)
    {
        if (!LogArguments.TryParse(args, out LogArguments arguments, out string? error))
        {
            Console.Error.WriteLine(error);
            Console.Error.WriteLine();
            Console.Error.WriteLine(LogArguments.Usage);
            return BadArguments;
        }

        try
        {
            LogReport report = LogBenchmarks.Run(arguments);
            Console.Out.WriteLine(arguments.IsJson ? JsonSerializer.Serialize(report, Json) : LogReportText.Of(report));
            return Success;
        }
        catch (Exception exception) when (exception is BenchmarkFailedException or StorageFailedException or DiskException)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    private static int Wire(ReadOnlySpan<string> args)
    {
        if (!WireArguments.TryParse(args, out WireArguments arguments, out string? error))
        {
            Console.Error.WriteLine(error);
            Console.Error.WriteLine();
            Console.Error.WriteLine(WireArguments.Usage);
            return BadArguments;
        }

        WireReport report = WireReport.Run(arguments);
        Console.Out.WriteLine(arguments.IsJson ? JsonSerializer.Serialize(report, Json) : report.ToText());
        return Success;
    }

    private static int Smoke()
    {
#pragma warning disable VSTHRD002 // A console program has no context that would wait for this thread.
        IReadOnlyList<string> failures = SmokeCheck.RunAsync().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        foreach (string failure in failures)
        {
            Console.Error.WriteLine(failure);
        }

        Console.Out.WriteLine(failures.Count == 0 ? "The benchmarks run and allocate nothing." : $"{failures.Count} checks failed.");
        return failures.Count == 0 ? Success : Failure;
    }

    private static int Refuse(string error)
    {
        Console.Error.WriteLine(error);
        Console.Error.WriteLine();
        Console.Error.WriteLine(CoreArguments.Usage);
        return BadArguments;
    }
}
