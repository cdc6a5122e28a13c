using System.Diagnostics;
using Graft.Network;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>Clients that write all the time, so that a pause in it shows.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private readonly NodeConnections[] _connections;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _running;
    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _longest;

    internal Writers(ProcessCluster cluster)
    {
        _connections = [.. Enumerable.Range(0, 6).Select(_ => new NodeConnections(cluster.Addresses))];
        _running = Task.WhenAll(_connections.Index().Select(each => Task.Run(() => WriteAsync((ulong)each.Index, each.Item), CancellationToken.None)));
    }

    /// <summary>Begins to look for the longest pause anew.</summary>
    internal void Watch()
    {
        lock (_gate)
        {
            _longest = default;
        }
    }

    /// <summary>The longest time between two acknowledgements, to whomever, since <see cref="Watch"/>; the one that lasts included.</summary>
    internal TimeSpan Longest
    {
        get
        {
            lock (_gate)
            {
                TimeSpan open = Stopwatch.GetElapsedTime(_last);
                return open > _longest ? open : _longest;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        foreach (NodeConnections each in _connections)
        {
            await each.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task WriteAsync(ulong id, NodeConnections connections)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(30);
        var caller = new NodeCaller(connections, (int)(id % 3));
        ulong session = await caller.OpenSessionAsync(timeout, CancellationToken.None);
        for (ulong number = 1; !_stop.IsCancellationRequested; number++)
        {
            var options = new WriteOptions { Session = session, Sequence = number, AnsweredBelow = number };
            CallEnd end = await caller.WriteAsync(new WriteCall(WriteForm.Command, options, LedgerCommand.Encode(id, number, id, 64)), timeout, CancellationToken.None);
            Assert.True(end.Outcome == CallOutcome.Done, end.Text);
            lock (_gate)
            {
                TimeSpan pause = Stopwatch.GetElapsedTime(_last);
                _longest = pause > _longest ? pause : _longest;
                _last = Stopwatch.GetTimestamp();
            }
        }
    }
}
