namespace Graft.Consensus;

/// <summary>Every member's progress, and what quorums of them have reached.</summary>
/// <remarks>Kept sorted by id like the membership, so that the same inputs send in the same order.</remarks>
internal sealed class ProgressTracker
{
    private Progress[] _all = [];
    private int[] _incoming = [];
    private int[] _outgoing = [];
    private JointQuorum _quorum;

    internal ReadOnlySpan<Progress> All => _all;

    internal Progress? Find(NodeId id)
    {
        foreach (Progress progress in _all)
        {
            if (progress.Id == id)
            {
                return progress;
            }
        }

        return null;
    }

    /// <summary>Follows a change of configuration: known members keep their progress, new ones start at the end of the log.</summary>
    internal void Adopt(Membership membership, RaftOptions options, LogIndex last, Instant now)
    {
        var next = new Progress[membership.Members.Length];
        for (int i = 0; i < next.Length; i++)
        {
            Member member = membership.Members[i];
            next[i] = Find(member.Id) ?? new Progress(member.Id, last.Next, options, last, now);
            next[i].IsWitness = member.IsWitness;
            next[i].IsNonVoter = !member.IsVoter;
        }

        _all = next;
        _incoming = Slots(membership.IncomingVoters);
        _outgoing = Slots(membership.OutgoingVoters);
        _quorum = membership.Quorum;
    }

    /// <summary>The highest index that a quorum has stored: voters only, of both halves (thesis §3.5, §4.3).</summary>
    internal LogIndex Stored()
    {
        Span<ulong> incoming = stackalloc ulong[_incoming.Length];
        Span<ulong> outgoing = stackalloc ulong[_outgoing.Length];
        Fill(incoming, _incoming);
        Fill(outgoing, _outgoing);
        if (Planted.JointCountsIncomingOnly)
        {
            outgoing.Fill(ulong.MaxValue);
        }

        return new LogIndex(_quorum.Reached(incoming, outgoing));

        void Fill(Span<ulong> values, int[] slots)
        {
            for (int i = 0; i < slots.Length; i++)
            {
                values[i] = _all[slots[i]].Match.Value;
            }
        }
    }

    /// <summary>The highest round that a quorum has answered.</summary>
    internal ulong ConfirmedRound()
    {
        Span<ulong> incoming = stackalloc ulong[_incoming.Length];
        Span<ulong> outgoing = stackalloc ulong[_outgoing.Length];
        Fill(incoming, _incoming);
        Fill(outgoing, _outgoing);
        return _quorum.Reached(incoming, outgoing);

        void Fill(Span<ulong> values, int[] slots)
        {
            for (int i = 0; i < slots.Length; i++)
            {
                values[i] = _all[slots[i]].ConfirmedRound;
            }
        }
    }

    /// <summary>The instant since which a quorum has been heard from.</summary>
    internal Instant QuorumContact()
    {
        Span<ulong> incoming = stackalloc ulong[_incoming.Length];
        Span<ulong> outgoing = stackalloc ulong[_outgoing.Length];
        Fill(incoming, _incoming);
        Fill(outgoing, _outgoing);
        return FromOrdered(_quorum.Reached(incoming, outgoing));

        void Fill(Span<ulong> values, int[] slots)
        {
            for (int i = 0; i < slots.Length; i++)
            {
                values[i] = ToOrdered(_all[slots[i]].LastContact);
            }
        }
    }

    // An Instant may be negative; shifting it by 2^63 keeps the order and makes it comparable as an unsigned number.
    private static ulong ToOrdered(Instant instant) => unchecked((ulong)instant.Ticks ^ (1UL << 63));

    private static Instant FromOrdered(ulong value) => new(unchecked((long)(value ^ (1UL << 63))));

    private int[] Slots(ReadOnlySpan<NodeId> voters)
    {
        int[] slots = new int[voters.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            NodeId voter = voters[i];
            slots[i] = Array.FindIndex(_all, progress => progress.Id == voter);
        }

        return slots;
    }
}
