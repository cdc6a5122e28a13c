using System.Globalization;
using System.Runtime.InteropServices;
using Graft;
using Graft.Consensus;
using Graft.Network;

// Timestamps <node, 1 to 5> [<directory> [<listen> [<a node to join>]]]. Node 1 founds the cluster, the others join it.
if (args.Length is < 1 or > 4 || !int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is < 1 or > 5)
{
    await Console.Error.WriteLineAsync("Which node is it? Give a number from 1 to 5.");
    return 2;
}

var options = new NodeOptions
{
    DataDirectory = args.ElementAtOrDefault(1) ?? $"data/timestamps/{number}",
    Listen = NodeAddress.Parse(args.ElementAtOrDefault(2) ?? $"127.0.0.1:{14_999 + number}"),
    Found = number == 1,
};
if (!options.Found)
{
    options.Join.Add(NodeAddress.Parse(args.ElementAtOrDefault(3) ?? "127.0.0.1:15000"));
}

using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using GraftNode node = await GraftNode.StartAsync(options, () => new StampLog(), stop.Token);
    Console.WriteLine($"INFO Serving on ('{node.Address.Host}', {node.Address.Port})");
    using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
    while (await ticks.WaitForNextTickAsync(stop.Token))
    {
        await TickAsync(node.Group());
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Ctrl+C. The node has handed over what it led, and closed its log.
}
catch (IOException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}

return 0;

async Task TickAsync(GraftGroup group)
{
    GroupStatus status = await group.StatusAsync();
    try
    {
        if (status.Role == Role.Leader)
        {
            byte[] stamp = StampLog.Encode(new Stamp(status.Term.Value, DateTime.Now));
            await group.WriteAsync(stamp, new WriteOptions { Timeout = TimeSpan.FromSeconds(2) }, stop.Token);
        }
        else if (status.Leader is null)
        {
            Console.WriteLine("WARNING Nobody leads. An election will be held");
        }

        await group.VisitAsync(log => Print((StampLog)log, status), ReadConsistency.Local, cancellation: stop.Token);
    }
    catch (GraftException failure)
    {
        Console.WriteLine($"WARNING {failure.Message}");
    }
}

void Print(StampLog log, GroupStatus status)
{
    string role = status.Role == Role.PreCandidate ? "CANDIDATE" : status.Role.ToString().ToUpperInvariant();
    Console.WriteLine($"INFO {number}, Roles.{role} term: {status.Term.Value}, size={log.Size}");
    foreach (int index in new SortedSet<int> { 1, log.Size - 1, log.Size }.Where(index => index > 0 && index <= log.Size))
    {
        Console.WriteLine($"DEBUG Index {index}: {log[index]}");
    }
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
