using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

/// <summary>What must hold of the whole history, whatever a test is about.</summary>
internal sealed class LabChecks
{
    private readonly ClusterInvariants _cluster = new();
    private readonly SortedDictionary<NodeId, StepInvariants> _steps = [];
    private readonly SortedDictionary<NodeId, Term> _spoken = [];
    private readonly SortedDictionary<ulong, LogEntry> _applied = [];

    /// <summary>A node begins a life. It may have forgotten only what it never spoke of.</summary>
    internal void Started(LabNode node)
    {
        Term spoken = _spoken.GetValueOrDefault(node.Id);
        Assert.True(node.Term >= spoken, $"{node.Id} starts in {node.Term} and has spoken in {spoken}.");
        _steps[node.Id] = new StepInvariants(node.Core);
    }

    /// <summary>SMSAFE: nobody applies another entry at an index than the first who did.</summary>
    internal void Applied(CoreNode node, LogEntry entry)
    {
        if (!_applied.TryAdd(entry.Id.Index.Value, entry))
        {
            // A witness has no payload to compare.
            LogEntry first = _applied[entry.Id.Index.Value];
            bool isBare = first.Payload == 0 || entry.Payload == 0;
            Assert.True(
                first.Id == entry.Id && (isBare || first.Payload == entry.Payload),
                $"{node.Id} applied {entry} where another node applied {first}.");
        }
    }

    /// <summary>DURABLE, VOTE1: a crash right after this message must not make a liar of its sender.</summary>
    internal void Sent(LabNode node, in Message message)
    {
        PromiseCheck.Check(message, node.Core, node.Disk);
        _cluster.CheckSent(message);
        if (message.Kind is not (MessageKind.PreVote or MessageKind.PreVoteReply))
        {
            _spoken[node.Id] = message.Term;
        }
    }

    /// <summary>After each input of a core: its own invariants, its last step, and the cluster's.</summary>
    internal void Check(LabNode node)
    {
        node.Core.CheckInvariants();
        _steps[node.Id].Check(node.Core);
        _cluster.Check(node.Core);
    }
}
