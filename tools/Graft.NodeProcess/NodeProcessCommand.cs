using System.Globalization;
using System.Runtime.InteropServices;
using Graft.Network;
using Graft.Storage;

namespace Graft.NodeProcess;

/// <summary>One node of a cluster as a process of its own, for tests that kill it and for benchmarks.</summary>
internal static class NodeProcessCommand
{
    internal const string Ready = "ready";

    private const int Success = 0;
    private const int Failure = 1;
    private const int BadArguments = 2;

    private const string Usage =
        """
        usage: Graft.NodeProcess --data DIR [options]

        Runs one node until SIGTERM, which stops it in order. Prints "ready ADDRESS NODE" once it serves. On an empty directory it
        joins whom it's told to, and founds a cluster if it's told nobody.

          --data DIR              the data directory
          --listen HOST:PORT      where to listen; port 0 takes any free one        (127.0.0.1:0)
          --join HOST:PORT        a member of the cluster to join; may be repeated
          --groups N              how many groups it has in all                     (1)
          --election MS           the election timeout T                            (500)
          --snapshot-log BYTES    log behind a snapshot that calls for another      (67108864)
          --trailing ENTRIES      entries kept behind a snapshot                    (10000)
          --segment BYTES         size of a segment of the log                      (16777216)
          --tied                  stop at the end of standard input as well: with whoever started it
        """;

    internal static async Task<int> RunAsync(string[] args)
    {
        var options = new NodeOptions();
        if (Parse(args, options, out bool isTied) is { } error)
        {
            await Console.Error.WriteLineAsync($"{error}\n\n{Usage}");
            return BadArguments;
        }

        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        if (isTied)
        {
            _ = Task.Run(async () =>
            {
                await Console.In.ReadToEndAsync();
                stop.TrySetResult();
            });
        }

        try
        {
            var machine = new LedgerMachine();
            bool isTaken = false;
            GraftNode node = await GraftNode.StartAsync(options, () => Interlocked.Exchange(ref isTaken, true) ? new LedgerMachine() : machine);
            machine.Figures = () => new NodeFigures(node.LogFlushes, node.Group().IsLeader);
            await Console.Out.WriteLineAsync($"{Ready} {node.Address} {node.Id}");
            await Console.Out.FlushAsync();
            if (await Task.WhenAny(node.Failed, stop.Task) == stop.Task)
            {
                await node.DisposeAsync();
                return Success;
            }

            // Not disposed: what has failed promises nothing any more, and its disk may never answer.
            await Console.Error.WriteLineAsync($"The node can't go on. {await node.Failed}");
            return Failure;
        }
        catch (Exception refused) when (refused is IOException or ArgumentException or StorageRefusedException or StorageFailedException)
        {
            await Console.Error.WriteLineAsync($"The node didn't start. {refused.Message}");
            return Failure;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }

    private static string? Parse(ReadOnlySpan<string> args, NodeOptions options, out bool isTied)
    {
        isTied = false;
        try
        {
            while (!args.IsEmpty)
            {
                if (args[0] == "--tied")
                {
                    isTied = true;
                    args = args[1..];
                    continue;
                }

                if (args.Length < 2)
                {
                    return $"Expected a value behind '{args[0]}', and nothing came.";
                }

                if (!Take(options, args[0], args[1]))
                {
                    return $"No such option: '{args[0]}'.";
                }

                args = args[2..];
            }
        }
        catch (Exception malformed) when (malformed is FormatException or OverflowException)
        {
            return malformed.Message;
        }

        options.Found = options.Join.Count == 0;
        return options.DataDirectory is null ? "--data is required." : null;
    }

    private static bool Take(NodeOptions options, string option, string value)
    {
        switch (option)
        {
            case "--data":
                options.DataDirectory = value;
                return true;
            case "--listen":
                options.Listen = NodeAddress.Parse(value);
                return true;
            case "--join":
                options.Join.Add(NodeAddress.Parse(value));
                return true;
            case "--election":
                options.ElectionTimeout = TimeSpan.FromMilliseconds(int.Parse(value, CultureInfo.InvariantCulture));
                return true;
            case "--snapshot-log":
                options.SnapshotLogBytes = long.Parse(value, CultureInfo.InvariantCulture);
                return true;
            case "--groups":
                for (ulong group = 2; group <= ulong.Parse(value, CultureInfo.InvariantCulture); group++)
                {
                    options.Groups.Add(new Consensus.GroupId(group));
                }

                return true;
            case "--trailing":
                options.TrailingEntries = ulong.Parse(value, CultureInfo.InvariantCulture);
                return true;
            case "--segment":
                options.SegmentBytes = long.Parse(value, CultureInfo.InvariantCulture);
                options.CommandBytesMax = (int)Math.Min(options.CommandBytesMax, (options.SegmentBytes / 4) - 128);
                return true;
            default:
                return false;
        }
    }
}
