namespace Graft.Consensus;

/// <summary>A cluster configuration (thesis §4): who votes, who only listens, and who votes for the last time.</summary>
/// <remarks>
/// <para>Joint while any member votes in the outgoing half: then every quorum needs a majority of both halves.</para>
/// <para>Immutable; equal if the members are. Invariants, checked at construction:
///   (1) members are sorted by id and unique;
///   (2) a <see cref="MemberRole.Leaving"/> member votes in the outgoing half, or it would be no member;
///   (3) outside a change nobody is <see cref="MemberRole.Leaving"/> (follows from (2)).</para>
/// </remarks>
public sealed class Membership : IEquatable<Membership>
{
    /// <summary>The most members that a configuration in force may have.</summary>
    /// <remarks>1,024: far more than anybody replicates to, and few enough that a count of them fits on the stack.</remarks>
    public const int MembersMax = 1024;

    private readonly Member[] _members;
    private readonly NodeId[] _incoming;
    private readonly NodeId[] _outgoing;

    private Membership(Member[] members, Epoch epoch)
    {
        Epoch = epoch;
        for (int i = 0; i < members.Length; i++)
        {
            Invariant.Check(i == 0 || members[i - 1].Id < members[i].Id);
            Invariant.Check(members[i].Role != MemberRole.Leaving || members[i].VotesInOutgoing);
        }

        _members = members;
        _incoming = [.. members.Where(member => member.Role == MemberRole.Voter).Select(member => member.Id)];
        _outgoing = [.. members.Where(member => member.VotesInOutgoing).Select(member => member.Id)];
    }

    /// <summary>Nobody: what a node knows that has never heard from its cluster. It campaigns for nothing.</summary>
    public static Membership Empty { get; } = new([], Epoch.None);

    /// <summary>Since which recovery from a lost quorum; changes of members keep it.</summary>
    public Epoch Epoch { get; }

    /// <summary>All members, by id.</summary>
    public ReadOnlySpan<Member> Members => _members;

    /// <summary>Voters of the configuration that comes into force; outside a change, the voters. By id.</summary>
    public ReadOnlySpan<NodeId> IncomingVoters => _incoming;

    /// <summary>Voters of the configuration that is being left; empty outside a change. By id.</summary>
    public ReadOnlySpan<NodeId> OutgoingVoters => _outgoing;

    /// <summary>Whether a change is in progress, so that two majorities are needed.</summary>
    public bool IsJoint => _outgoing.Length > 0;

    /// <summary>What makes a quorum.</summary>
    public JointQuorum Quorum => new(new MajorityQuorum(_incoming.Length), new MajorityQuorum(_outgoing.Length));

    /// <summary>A configuration of voters alone.</summary>
    public static Membership Of(params ReadOnlySpan<ulong> voters)
    {
        var members = new Member[voters.Length];
        for (int i = 0; i < voters.Length; i++)
        {
            members[i] = new Member(new NodeId(voters[i]), MemberRole.Voter);
        }

        return Of(members);
    }

    /// <summary>A configuration of these members, in the first epoch; in any order.</summary>
    /// <param name="members">The members, each once.</param>
    /// <exception cref="ArgumentException">A member is named twice, or one is leaving that has no old vote.</exception>
    public static Membership Of(IEnumerable<Member> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        Member[] sorted = [.. members.OrderBy(member => member.Id)];
        for (int i = 0; i < sorted.Length; i++)
        {
            if (i > 0 && sorted[i - 1].Id == sorted[i].Id)
            {
                throw new ArgumentException($"{sorted[i].Id} is named twice; a member has one role.", nameof(members));
            }

            if (sorted[i] is { Role: MemberRole.Leaving, VotesInOutgoing: false })
            {
                throw new ArgumentException($"{sorted[i].Id} is leaving but has no vote in the outgoing half.", nameof(members));
            }
        }

        return new Membership(sorted, sorted.Length == 0 ? Epoch.None : Epoch.First);
    }

    /// <summary>The same members, since a recovery.</summary>
    public Membership In(Epoch epoch) => new(_members, epoch);

    /// <summary>A member; null if the node is none.</summary>
    public Member? Find(NodeId id)
    {
        int position = PositionOf(id);
        return position < 0 ? null : _members[position];
    }

    /// <summary>Whether the node is a member, whatever its role.</summary>
    public bool Contains(NodeId id) => PositionOf(id) >= 0;

    /// <summary>Whether <paramref name="id"/> votes in either half.</summary>
    public bool IsVoter(NodeId id) => Find(id) is { IsVoter: true };

    /// <summary>The configuration that <paramref name="change"/> asks for, joint if the voters differ.</summary>
    /// <returns><see cref="MembershipRefusal.None"/>, or why the change makes no sense here.</returns>
    public MembershipRefusal TryChange(MembershipChange change, out Membership next)
    {
        ArgumentNullException.ThrowIfNull(change);
        Invariant.Check(!IsJoint);
        next = this;
        var members = new SortedDictionary<NodeId, Member>();
        foreach (Member member in _members)
        {
            members.Add(member.Id, member);
        }

        var edited = new SortedSet<NodeId>();
        foreach (MembershipEdit edit in change.Edits)
        {
            if (!edited.Add(edit.Node))
            {
                return MembershipRefusal.EditedTwice;
            }

            MembershipRefusal refusal = Edit(members, edit);
            if (refusal != MembershipRefusal.None)
            {
                return refusal;
            }
        }

        return Conclude(members, out next);
    }

    /// <summary>What is left when the joint phase ends: the incoming half alone.</summary>
    public Membership LeaveJoint()
    {
        Invariant.Check(IsJoint);
        return new Membership(
            [.. _members.Where(member => member.Role != MemberRole.Leaving).Select(member => member with { VotesInOutgoing = false })],
            Epoch);
    }

    public bool Equals(Membership? other) => other is not null && Epoch == other.Epoch && _members.AsSpan().SequenceEqual(other._members);

    public override bool Equals(object? obj) => Equals(obj as Membership);

    public override int GetHashCode()
    {
        unchecked
        {
            int hash = _members.Length;
            foreach (Member member in _members)
            {
                hash = (hash * 31) + (int)member.Id.Value + ((int)member.Role << 8);
            }

            return hash;
        }
    }

    public override string ToString() => _members.Length == 0 ? "nobody" : string.Join(", ", _members);

    private int PositionOf(NodeId id)
    {
        for (int position = 0; position < _members.Length; position++)
        {
            if (_members[position].Id == id)
            {
                return position;
            }
        }

        return -1;
    }

    private static MembershipRefusal Edit(SortedDictionary<NodeId, Member> members, MembershipEdit edit)
    {
        bool isMember = members.TryGetValue(edit.Node, out Member member);
        bool isLearner = isMember && member.Role is MemberRole.Learner or MemberRole.Joining;
        switch (edit.Verb)
        {
            case MembershipVerb.Add or MembershipVerb.AddLearner or MembershipVerb.AddWitness:
                if (isMember)
                {
                    return MembershipRefusal.AlreadyMember;
                }

                MemberRole role = edit.Verb == MembershipVerb.AddLearner ? MemberRole.Learner : MemberRole.Joining;
                members.Add(edit.Node, new Member(edit.Node, role, IsWitness: edit.Verb == MembershipVerb.AddWitness));
                return MembershipRefusal.None;

            case MembershipVerb.Promote:
                members[edit.Node] = member with { Role = MemberRole.Voter };
                return !isMember ? MembershipRefusal.NotMember
                    : !isLearner ? MembershipRefusal.NotLearner
                    : MembershipRefusal.None;

            case MembershipVerb.Demote:
                members[edit.Node] = member with { Role = MemberRole.Learner };
                return !isMember ? MembershipRefusal.NotMember
                    : member.Role is not (MemberRole.Voter or MemberRole.Joining) ? MembershipRefusal.NotVoter
                    : MembershipRefusal.None;

            default:
                return members.Remove(edit.Node) ? MembershipRefusal.None : MembershipRefusal.NotMember;
        }
    }

    private MembershipRefusal Conclude(SortedDictionary<NodeId, Member> members, out Membership next)
    {
        next = this;
        NodeId[] voters = [.. members.Values.Where(member => member.Role == MemberRole.Voter).Select(member => member.Id)];
        int witnesses = members.Values.Count(member => member.Role == MemberRole.Voter && member.IsWitness);
        if (voters.Length - witnesses == 0)
        {
            return MembershipRefusal.NoVoterLeft;
        }

        // Also once those who join have joined: a witness that could never be promoted would wait for ever, unseen.
        int joining = members.Values.Count(member => member.Role == MemberRole.Joining);
        int joiningWitnesses = members.Values.Count(member => member.Role == MemberRole.Joining && member.IsWitness);
        if (witnesses >= new MajorityQuorum(voters.Length).Size
            || witnesses + joiningWitnesses >= new MajorityQuorum(voters.Length + joining).Size)
        {
            return MembershipRefusal.TooManyWitnesses;
        }

        // Learners are in no quorum, so a change among them needs no joint phase.
        if (!voters.AsSpan().SequenceEqual(_incoming))
        {
            foreach (NodeId id in _incoming)
            {
                bool stays = members.TryGetValue(id, out Member member);
                members[id] = stays
                    ? member with { VotesInOutgoing = true }
                    : new Member(id, MemberRole.Leaving, VotesInOutgoing: true, Find(id)!.Value.IsWitness);
            }
        }

        if (members.Count > MembersMax)
        {
            return MembershipRefusal.TooManyMembers;
        }

        next = new Membership([.. members.Values], Epoch);
        return next.Equals(this) ? MembershipRefusal.NothingToChange : MembershipRefusal.None;
    }
}
