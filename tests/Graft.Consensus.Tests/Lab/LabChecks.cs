using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

/// <summary>What must hold of the whole history, whatever a test is about.</summary>
internal sealed class LabChecks
{
    private readonly SortedDictionary<ulong, NodeId> _leaders = [];
    private readonly SortedDictionary<(ulong Term, NodeId Voter), NodeId> _votes = [];
    private readonly SortedDictionary<ulong, LogEntry> _applied = [];
    private readonly SortedDictionary<NodeId, (Term Term, LogIndex Commit)> _highest = [];

    /// <summary>
    /// A node begins a life: commit index and term may be lower than before. A term that wasn't on disk has been told to
    /// nobody (<see cref="Sent"/>), so a crash may take it back.
    /// </summary>
    internal void Started(LabNode node) => _highest[node.Id] = (node.Disk.HardState.Term, LogIndex.Zero);

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

    /// <summary>VOTE1: one candidate per voter and term, and on disk before anybody hears of it.</summary>
    internal void Sent(LabNode node, in Message message)
    {
        HardState stored = node.Disk.HardState;
        Assert.True(
            message.Kind is MessageKind.PreVote or MessageKind.PreVoteReply || stored.Term >= message.Term,
            $"{node.Id} says {message} while its disk says {stored}.");
        if (message.Kind != MessageKind.RequestVoteReply || !message.IsGranted)
        {
            return;
        }

        Assert.True(
            stored.Term > message.Term || stored.VotedFor == message.To,
            $"{node.Id} says {message} while its disk says {stored}.");
        if (!_votes.TryAdd((message.Term.Value, node.Id), message.To))
        {
            Assert.Equal(_votes[(message.Term.Value, node.Id)], message.To);
        }
    }

    /// <summary>The core's own invariants, ELECT and MONO.</summary>
    internal void Check(LabNode node)
    {
        RaftCore core = node.Core;
        core.CheckInvariants();
        if (core.Role == Role.Leader && !_leaders.TryAdd(core.Term.Value, core.Id))
        {
            Assert.True(_leaders[core.Term.Value] == core.Id, $"{core.Id} and {_leaders[core.Term.Value]} lead {core.Term}.");
        }

        if (_highest.TryGetValue(node.Id, out (Term Term, LogIndex Commit) before))
        {
            Assert.True(core.Term >= before.Term, $"{core.Id} fell from {before.Term} to {core.Term}.");
            Assert.True(core.CommitIndex >= before.Commit, $"{core.Id}'s commit fell from {before.Commit} to {core.CommitIndex}.");
        }

        _highest[node.Id] = (core.Term, core.CommitIndex);
    }
}
