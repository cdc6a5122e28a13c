using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>What the cluster has said, seen from outside: the one history that every node and every client has to agree with.</summary>
/// <remarks>
/// <para>It knows nothing of the protocol. What it holds against the cluster:</para>
/// <list type="number">
///   <item>No two nodes apply different entries at one index, whatever lives, snapshots and disks came between.</item>
///   <item>A payload is applied where the proposing leader was told it stands, with its term, or nowhere. So a refused
///     proposal never shows up, none shows up twice, and what nobody proposed isn't there.</item>
///   <item>States at one index are equal, however a node came by its own.</item>
///   <item>A read sees all that anybody knew to be committed when it began. That is more than linearizability asks for
///     (which counts what clients were told), costs one comparison, and holds for Raft: whoever confirms a read leads in
///     a term in which all of that is in its log below its own first entry, or has committed it itself.</item>
///   <item>At most one leader per term, over all lives.</item>
/// </list>
/// </remarks>
internal sealed class Ledger
{
    private readonly List<EntryId> _ids = [];
    private readonly List<ulong> _payloads = [];
    private readonly List<ulong> _digests = [];
    private readonly Dictionary<ulong, (NodeId Leader, Incarnation Life)> _leaders = [];

    // By payload number: where the leader said it stands; zero if it was refused, or never answered.
    private readonly List<EntryId> _proposed = [EntryId.Zero];
    private StateImage _state;

    /// <summary>The highest commit index that any node has ever known.</summary>
    internal LogIndex HighestCommitted { get; private set; }

    /// <summary>The last index of a write that a client was told is done.</summary>
    internal LogIndex HighestAcknowledged { get; private set; }

    internal long Acknowledged { get; private set; }

    internal long ReadsServed { get; private set; }

    /// <summary>Draws the numbers of the next <paramref name="count"/> payloads; returns the first.</summary>
    internal ulong NumberPayloads(int count)
    {
        ulong first = (ulong)_proposed.Count;
        for (int i = 0; i < count; i++)
        {
            _proposed.Add(EntryId.Zero);
        }

        return first;
    }

    internal void NoteProposed(ulong payload, EntryId id) => _proposed[(int)payload] = id;

    internal void NoteCommitted(LogIndex commit) => HighestCommitted = LogIndex.Max(HighestCommitted, commit);

    internal void NoteLeader(Term term, NodeId leader, Incarnation life)
    {
        if (_leaders.TryGetValue(term.Value, out (NodeId Leader, Incarnation Life) known))
        {
            Violation.Unless(known == (leader, life), "one leader per term", known, leader);
        }
        else
        {
            _leaders.Add(term.Value, (leader, life));
        }
    }

    /// <summary>A node applied an entry; a witness, which has no payloads, only knows its name.</summary>
    internal void NoteApplied(NodeId node, in LogEntry entry, bool isWitness)
    {
        int position = (int)(entry.Id.Index.Value - 1);
        if (position >= _ids.Count)
        {
            Violation.Unless(position == _ids.Count, "entries are applied without a gap", entry, _ids.Count);
            _ids.Add(entry.Id);
        }

        Violation.Unless(_ids[position] == entry.Id, "all nodes apply the same entry at one index", _ids[position], (node, entry));
        if (isWitness)
        {
            return;
        }

        if (position < _payloads.Count)
        {
            Violation.Unless(_payloads[position] == entry.Payload, "all nodes apply the same payload at one index", _payloads[position], (node, entry));
            return;
        }

        Violation.Unless(position == _payloads.Count, "payloads are applied without a gap", entry, _payloads.Count);
        Violation.Unless(entry.Payload < (ulong)_proposed.Count, "only what was proposed is applied", entry, _proposed.Count);
        Violation.Unless(
            entry.Payload == 0 || _proposed[(int)entry.Payload] == entry.Id,
            "a payload is applied where its proposer was told, or nowhere",
            entry.Payload == 0 ? default : _proposed[(int)entry.Payload],
            (node, entry));
        _payloads.Add(entry.Payload);
        _state = _state.Apply(entry);
        _digests.Add(_state.Digest);
    }

    /// <summary>A node's state machine is in this state, by whatever way.</summary>
    internal void CheckState(NodeId node, StateImage state)
    {
        if (state.Applied == LogIndex.Zero)
        {
            return;
        }

        int position = (int)(state.Applied.Value - 1);
        Violation.Unless(position < _digests.Count, "no state is ahead of what was applied", (node, state), _digests.Count);
        Violation.Unless(_digests[position] == state.Digest, "states at one index are equal", (node, state), _digests[position]);
    }

    /// <summary>A client was told that its write is done: it stands at this place for ever.</summary>
    internal void NoteAcknowledged(LogIndex index)
    {
        Violation.Unless(index <= HighestCommitted, "what is acknowledged is committed", index, HighestCommitted);
        HighestAcknowledged = LogIndex.Max(HighestAcknowledged, index);
        Acknowledged++;
    }

    /// <summary>A read is served from <paramref name="served"/> on.</summary>
    internal void NoteRead(NodeId node, in OpenRead read, in ReadResult result, LogIndex served)
    {
        Violation.Unless(result.Index >= read.Floor, "a read sees what was committed before it began", (node, result), read);
        Violation.Unless(served >= result.Index, "a read is served once its index is applied", (node, result), served);
        ReadsServed++;
    }
}
