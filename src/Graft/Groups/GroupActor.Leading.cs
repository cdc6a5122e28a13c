using Graft.Consensus;

namespace Graft;

/// <content>Leadership, and where nodes are.</content>
internal sealed partial class GroupActor
{
    private static readonly CancellationToken NotLeading = new(canceled: true);

    private CancellationTokenSource? _leadership;
    private readonly SortedDictionary<NodeId, string> _addresses = [];
    private TaskCompletionSource<TransferResult>? _transfer;

    /// <summary>Cancelled while this node doesn't lead; one that isn't is cancelled when it ceases to.</summary>
    internal CancellationToken LeadershipToken => Volatile.Read(ref _leadership)?.Token ?? NotLeading;

    /// <summary>Hands leadership over and tells how it ended.</summary>
    internal Task<TransferResult> TransferAsync(NodeId? target, TimeSpan timeout) => AskAsync<TransferResult>((done, now) =>
    {
        TransferRefusal refusal = _core.TransferLeadership(target, timeout, now);
        if (refusal == TransferRefusal.None)
        {
            _transfer = done;
        }
        else
        {
            done.SetException(new RejectedException(
                refusal == TransferRefusal.NotLeader ? RejectReason.NotLeader : RejectReason.Malformed, Describe(refusal, target), _core.Leader));
        }
    });

    internal Task<RaftStatus> StatusAsync() => AskAsync<RaftStatus>((done, now) => done.SetResult(_core.Status(now)));

    void IApplierHost.AddressNoted(NodeId node, string address) => Tell(_ =>
    {
        if (address.Length == 0)
        {
            _addresses.Remove(node);
        }
        else
        {
            _addresses[node] = address;
        }

        _services.AddressLearned?.Invoke(node, address);
    });

    private void OnLeadershipChanged(Ready ready, Instant now)
    {
        if (ready.Role == Role.Leader)
        {
            _leadingSince = now;
            _compareAt = now + _settings.CompareInterval;
            _sessionBase = _sessionClock;
            SetUndecidedAside();
            OnElected(now);
            Volatile.Write(ref _leadership, new CancellationTokenSource());
            return;
        }

        if (_leadership is { } ended)
        {
            Volatile.Write(ref _leadership, null);

            // What hangs on it is the application's code, and that never runs inside our turn.
            _services.Scheduler.Post(new Cancellation(ended, _services.Events));
        }

        // A leader that makes itself go is deposed by the commit of the change. One that another leader's log has taken the place of wasn't done.
        if (_changes.TrueForAll(each => _core.Log.Contains(each.Change)))
        {
            EndChanges(ready.Commit);
        }

        foreach ((EntryId change, TaskCompletionSource<LogIndex> done) in _changes)
        {
            done.TrySetException(new UnknownOutcomeException(
                $"This node was deposed while the change at {change} was on its way.", new WriteId(change, 0, 0)));
        }

        _changes.Clear();
    }

    private void EndTransfer(in TransferResult result)
    {
        _transfer?.TrySetResult(result);
        _transfer = null;
    }

    private string Describe(TransferRefusal refusal, NodeId? target) => refusal switch
    {
        TransferRefusal.NotLeader => $"{_core.Id} doesn't lead {_id}; ask {(_core.Leader is { } leader ? leader.ToString() : "again once somebody does")}.",
        TransferRefusal.InProgress => $"Leadership of {_id} is being handed over already.",
        TransferRefusal.NotEligible => $"{target} is no voter of {_id} that stores payloads.",
        TransferRefusal.AlreadyLeader => $"{target} leads {_id} already.",
        TransferRefusal.NobodyEligible => $"Nobody else can lead {_id} now: no other voter has answered lately.",
        _ => $"The log of {_core.Id} has failed.",
    };

    // Not disposed of: it has neither timer nor handle, and somebody may be asking for its token just now.
    private sealed class Cancellation(CancellationTokenSource source, NodeEvents? events) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                source.Cancel();
            }
            catch (AggregateException thrown)
            {
                // The application's callbacks. On a bare thread of the pool the process would end by them.
                events?.CallbackThrew(thrown);
            }
        }
    }
}
