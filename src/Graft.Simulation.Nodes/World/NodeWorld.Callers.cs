using System.Globalization;
using System.Text;
using Graft.Client;
using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <content>Clients and programs that embed a node, what they ask for and what they are told.</content>
public sealed partial class NodeWorld
{
    private static readonly TimeSpan CallSlack = TimeSpan.FromMilliseconds(500);

    private readonly SortedDictionary<long, Call> _calls = [];
    private readonly List<(GraftClient Client, SimulatedProcess Process)> _clients = [];
    private readonly List<Unsettled> _unsettled = [];
    private long _callNumbers;
    private bool _areCallersDone;

    private static string ClientName(int number) => string.Create(CultureInfo.InvariantCulture, $"c{number + 1}");

    private void StartCallers()
    {
        for (int i = 0; i < _options.Clients; i++)
        {
            var process = new SimulatedProcess(_loop, ClientName(i), (long)_seeds.NextBelow(1UL << 50));
            var options = new ClientOptions
            {
                Seeds = [.. _nodes.Select(static node => node.Address)],
                SessionLifetime = _options.SessionLifetime,
            };
            var seams = new ClientSeams { Network = _network.At(process.Name), Time = process.Time, Seed = _seeds.NextUInt64() };
            var client = new GraftClient(options, seams);
            _clients.Add((client, process));
            process.Start(() => CallAsync(client, process, _acts.Fork()));
        }

        _loop.Root.Start(EmbedAsync);
    }

    private async Task CallAsync(GraftClient client, SimulatedProcess process, SeededRandom random)
    {
        while (!_areCallersDone)
        {
            await Task.Delay(Around(random, _options.CallPause), process.Time, CancellationToken.None);
            if (_areCallersDone || _calls.Values.Count(call => call.Process == process) >= _options.OutstandingMax)
            {
                continue;
            }

            TimeSpan timeout = random.Next(TimeSpan.FromMilliseconds(5), random.Chance(500) ? TimeSpan.FromMilliseconds(400) : TimeSpan.FromSeconds(8));
            int drawn = random.Next(0, 99);
            if (drawn < 60)
            {
                process.Start(() => WriteAsync(
                    process,
                    timeout,
                    async command => await client.WriteAsync(Fill(command, random), timeout, CancellationToken.None),
                    async (write, patience) => await client.ResolveAsync(write, patience, CancellationToken.None),
                    random));
            }
            else
            {
                ReadConsistency consistency = DrawConsistency(random);
                process.Start(() => ReadAsync(process, timeout, consistency, async () => await client.QueryAsync(default, consistency, timeout, CancellationToken.None)));
            }
        }
    }

    // Programs call the node that they embed.
    private async Task EmbedAsync()
    {
        SeededRandom random = _acts.Fork();
        while (!_areCallersDone)
        {
            await DelayAsync(Around(random, _options.CallPause));
            SimulatedNode node = _nodes[random.Next(0, _nodes.Count - 1)];
            if (_areCallersDone || node.Running is not { } running || _calls.Values.Count(call => call.Process == node.Process) >= _options.OutstandingMax)
            {
                continue;
            }

            SimulatedProcess process = node.Process!;
            TimeSpan timeout = random.Next(TimeSpan.FromMilliseconds(5), random.Chance(500) ? TimeSpan.FromMilliseconds(400) : TimeSpan.FromSeconds(8));
            SeededRandom own = random.Fork();
            if (random.Chance(500))
            {
                process.Start(() => WriteAsync(
                    process,
                    timeout,
                    async command => await running.Group().WriteAsync(Fill(command, own), new WriteOptions { Timeout = timeout }, CancellationToken.None),
                    null,
                    own));
            }
            else
            {
                ReadConsistency consistency = DrawConsistency(random);
                process.Start(() => ReadAsync(process, timeout, consistency, async () => await running.Group().QueryAsync(default, consistency, timeout, CancellationToken.None)));
            }
        }
    }

    private ReadOnlyMemory<byte> Fill(string command, SeededRandom random)
    {
        byte[] filled = new byte[Math.Min(_options.CommandBytesMax, command.Length + 1 + random.Next(0, _options.PayloadMax))];
        filled.AsSpan().Fill((byte)' ');
        Encoding.UTF8.GetBytes(command, filled);
        return filled;
    }

    private ReadConsistency DrawConsistency(SeededRandom random) => random.Next(0, 9) switch
    {
        < 4 => ReadConsistency.Linearizable,
        < 6 => ReadConsistency.Lease,
        6 => ReadConsistency.Bounded(random.Next(TimeSpan.Zero, TimeSpan.FromSeconds(2))),
        7 or 8 => ReadConsistency.AtLeast(_ledger.LastKnown),
        _ => ReadConsistency.Local,
    };

    private async Task WriteAsync(
        SimulatedProcess process,
        TimeSpan timeout,
        Func<string, Task<WriteResult>> write,
        Func<WriteId, TimeSpan, Task<WriteResult>>? resolve,
        SeededRandom random)
    {
        Call call = Begin(process, "write", timeout);
        string command = $"{process.Name}-{call.Number}";
        _ledger.Give(command);
        try
        {
            WriteResult result = await write(command);
            _ledger.Acknowledge(command, result.Index, result.Answer, call.Floor);
            End(call, "done");
        }
        catch (RejectedException rejected)
        {
            _ledger.Reject(command, rejected.Message);
            End(call, $"rejected: {rejected.Reason} {rejected.Message}");
        }
        catch (UnknownOutcomeException unknown)
        {
            End(call, $"unknown: {unknown.Write} {unknown.Message}");
            var unsettled = new Unsettled(command, call.Floor, unknown.Write, process.Owner is null ? process : null, resolve);
            _unsettled.Add(unsettled);
            if (random.Chance(500))
            {
                await SettleAsync(process, unsettled, TimeSpan.FromMilliseconds(random.Next(50, 5000)));
            }
        }
    }

    /// <summary>Asks what became of a write: the client that made it, or any node, if it was made at one.</summary>
    private async Task SettleAsync(SimulatedProcess process, Unsettled unsettled, TimeSpan patience)
    {
        Func<WriteId, TimeSpan, Task<WriteResult>>? resolve = unsettled.Resolve;
        if (process.Owner?.Running is { } running)
        {
            resolve = async (write, timeout) => await running.Group().ResolveAsync(write, timeout);
        }

        if (resolve is null)
        {
            return;
        }

        Call call = Begin(process, $"resolve {unsettled.Write}", patience);
        try
        {
            WriteResult result = await resolve(unsettled.Write, patience);
            _ledger.Acknowledge(unsettled.Command, result.Index, unsettled.Write.Session == 0 ? (ReadOnlyMemory<byte>?)null : result.Answer, unsettled.Floor);
            _unsettled.Remove(unsettled);
            End(call, "it was done");
        }
        catch (RejectedException rejected)
        {
            _ledger.Reject(unsettled.Command, rejected.Message);
            _unsettled.Remove(unsettled);
            End(call, $"it wasn't: {rejected.Message}");
        }
        catch (UnknownOutcomeException unknown)
        {
            unsettled.LastAnswer = unknown.Message;
            End(call, $"can't be told: {unknown.Message}");
        }
    }

    private async Task ReadAsync(SimulatedProcess process, TimeSpan timeout, ReadConsistency consistency, Func<Task<QueryResult>> read)
    {
        Call call = Begin(process, consistency.ToString(), timeout);
        int floor = consistency.Kind switch
        {
            ReadConsistencyKind.Linearizable or ReadConsistencyKind.Lease => call.Floor,
            ReadConsistencyKind.Bounded => _ledger.FloorAt(call.Begun - consistency.Age.Ticks),
            ReadConsistencyKind.AtLeast => _ledger.LengthAt(consistency.Index),
            _ => 0,
        };
        try
        {
            QueryResult result = await read();
            _ledger.Read($"{process.Name} {call.Number} {consistency}", result.Answer, floor, consistency.Kind is ReadConsistencyKind.Linearizable or ReadConsistencyKind.Lease);
            End(call, "read");
        }
        catch (ReadFailedException failed)
        {
            End(call, $"not read: {failed.Message}");
        }
        catch (RejectedException rejected)
        {
            End(call, $"not read: {rejected.Message}");
        }
    }

    private Call Begin(SimulatedProcess process, string what, TimeSpan timeout)
    {
        var call = new Call(++_callNumbers, what, process, _ledger.Floor, _loop.Now, _loop.Now + timeout.Ticks, process.PausedTicks);
        _calls.Add(call.Number, call);
        Note(process.Name, $"{call.Number} {what}, {timeout.TotalMilliseconds} ms");
        return call;
    }

    private void End(Call call, string how)
    {
        _calls.Remove(call.Number);
        Note(call.Process.Name, $"{call.Number} {how}");
        CheckInTime(call);
    }

    /// <summary>Nobody is there any more to be answered.</summary>
    private void DropCalls(SimulatedProcess process)
    {
        foreach (Call call in _calls.Values.Where(call => call.Process == process).ToArray())
        {
            _calls.Remove(call.Number);
        }
    }

    private async Task WatchCallsAsync()
    {
        while (!_isOver)
        {
            await DelayAsync(TimeSpan.FromMilliseconds(100));
            foreach (Call call in _calls.Values)
            {
                CheckInTime(call);
            }
        }
    }

    private void CheckInTime(Call call)
    {
        bool isStopped = call.Process.State != ProcessState.Running;
        long late = _loop.Now - call.Deadline - (call.Process.PausedTicks - call.PausedBefore) - CallSlack.Ticks - (call.Process.LateMax.Ticks * 20);
        _ledger.Require(isStopped || late <= 0, $"every call ends by its deadline: {call.Process.Name} {call.Number} {call.What} of {new TimeSpan(call.Begun)} was due at {new TimeSpan(call.Deadline)}");
    }
}
