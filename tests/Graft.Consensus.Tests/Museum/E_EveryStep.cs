using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits E05, E07, E16, E18, E22 and E24 in full: every pair, every step, ten thousand changes.</summary>
public sealed class E_EveryStep
{
    /// <summary>Founded by 1, 2, 3; 4 and 5 are caught-up learners, 6 is a blank node.</summary>
    private static readonly (string Name, MembershipChange Change)[] Changes =
    [
        ("add", MembershipChange.None.Add(N(6))),
        ("add a witness", MembershipChange.None.AddWitness(N(6))),
        ("promote", MembershipChange.None.Promote(N(4))),
        ("demote the leader", MembershipChange.None.Demote(N(1))),
        ("remove the leader", MembershipChange.None.Remove(N(1))),
        ("remove a follower", MembershipChange.None.Remove(N(3))),
        ("move two", MembershipChange.None.Promote(N(4)).Promote(N(5)).Remove(N(1)).Remove(N(2))),
    ];

    [Fact] // E07: one half was counted (async-raft#62, openraft 6c0ccaf3): every pair of voter sets over five ids, whoever is reached.
    public void A_joint_quorum_is_a_majority_of_each_half()
    {
        for (int old = 0; old < 32; old++)
        {
            for (int next = 1; next < 32; next++)
            {
                var quorum = new JointQuorum(new MajorityQuorum(int.PopCount(next)), new MajorityQuorum(int.PopCount(old)));
                for (int reached = 0; reached < 32; reached++)
                {
                    bool isBoth = IsMajority(old, reached) && IsMajority(next, reached);
                    Assert.Equal(isBoth ? 7UL : 3UL, Math.Min(7, quorum.Reached(Values(next, reached), Values(old, reached))));
                    Assert.Equal(isBoth, IsWon(quorum, old, next, reached));
                }
            }
        }
    }

    [Fact] // E07, through cores: 1, 2, 3 become every other set over five ids, whoever can be reached.
    public void A_joint_configuration_is_committed_by_both_halves_or_not_at_all()
    {
        const int Old = 0b00111;
        for (int next = 1; next < 32; next++)
        {
            for (int reached = 1; reached < 32 && next != Old; reached += 2)
            {
                Lab lab = Founded();
                lab.Drop(message => message.Kind == MessageKind.AppendEntries && (reached & (1 << ((int)message.To.Value - 1))) == 0);
                MembershipProposal joint = lab.Change(1, Towards(Old, next));
                Assert.True(joint.IsAppended, joint.Refusal.ToString());
                lab.Deliver();

                bool isBoth = IsMajority(Old, reached) && IsMajority(next, reached);
                Assert.True(isBoth == lab[1].Commit >= joint.Entry.Index, $"{next:b} reached {reached:b}: commit {lab[1].Commit}");
            }
        }
    }

    public static TheoryData<string, int> ChangesAndVictims()
    {
        var data = new TheoryData<string, int>();
        foreach ((string name, _) in Changes)
        {
            for (int victim = 1; victim <= 6; victim++)
            {
                data.Add(name, victim);
            }
        }

        return data;
    }

    [Theory] // E05, E22, E24, A24: the joint or appended configuration was lost in a restart (etcd e515a67, camunda#57389).
    [MemberData(nameof(ChangesAndVictims))]
    public void Whoever_crashes_at_whatever_step_of_a_change_finds_its_configuration_and_the_change_ends(string name, int victim)
    {
        MembershipChange change = Changes.Single(each => each.Name == name).Change;
        bool isQuiet = false;
        for (int step = 0; !isQuiet; step++)
        {
            Lab lab = Founded();
            lab.Join(6);
            Assert.True(lab.Change(1, change).IsAppended);
            for (int delivered = 0; delivered < step && !isQuiet; delivered++)
            {
                isQuiet = lab.DeliverOne(_ => true) is null;
            }

            if (step % 3 == 0)
            {
                lab.Snapshot((ulong)victim);
            }

            LogIndex before = lab[(ulong)victim].Core.MembershipIndex;
            Membership membership = lab[(ulong)victim].Membership;
            lab.Crash((ulong)victim);
            lab.Restart((ulong)victim);
            Assert.Equal(before, lab[(ulong)victim].Core.MembershipIndex);
            Assert.Equal(membership, lab[(ulong)victim].Membership);
            AssertConverges(lab);
        }
    }

    [Theory] // E16: a member was removed with its snapshot under way, and added again at once (NuRaft 89d7bd3, redis-raft 95c7f92).
    [InlineData(1UL)]
    [InlineData(2UL)]
    public void Ten_thousand_changes_with_snapshots_under_way_leave_one_configuration(ulong seed)
    {
        var random = new SeededRandom(seed);
        var lab = new Lab(1, 2, 3);
        for (ulong id = 4; id <= 7; id++)
        {
            lab.Join(id);
        }

        int done = 0;
        for (int step = 0; step < 5_000; step++)
        {
            if (lab.Leader is not { } leader)
            {
                lab.Run(Lab.T);
                continue;
            }

            done += lab.Change(leader.Id.Value, Draw(random)).IsAppended ? 1 : 0;
            lab.Propose(leader.Id.Value, (ulong)step + 1);
            lab.HoldSnapshots = random.Chance(700);
            for (int i = random.Next(0, 40); i > 0 && lab.DeliverOne(_ => true) is not null; i--)
            {
            }

            if (random.Chance(200))
            {
                lab.Snapshot((ulong)random.Next(1, 7), trailing: (ulong)random.Next(0, 3));
            }

            lab.Run(Lab.Ms(random.Next(0, 20)));
            Assert.All(lab.Up, AssertFolded);
            lab.Log.Clear();
        }

        lab.HoldSnapshots = false;
        Assert.True(done > 500, $"{done} changes");
        AssertConverges(lab, timeouts: 60);
    }

    private static MembershipChange Draw(SeededRandom random)
    {
        MembershipChange change = MembershipChange.None;
        for (int edits = random.Next(1, 2); edits > 0; edits--)
        {
            NodeId node = N((ulong)random.Next(1, 7));
            change = random.Next(0, 4) switch
            {
                0 => change.Add(node),
                1 => change.AddLearner(node),
                2 => change.Promote(node),
                3 => change.Demote(node),
                _ => change.Remove(node),
            };
        }

        return change;
    }

    private static Lab Founded()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), Voter(3), Learner(4), Learner(5)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(60));
        return lab;
    }

    private static MembershipChange Towards(int old, int next)
    {
        MembershipChange change = MembershipChange.None;
        for (int i = 0; i < 5; i++)
        {
            bool isOld = (old & (1 << i)) != 0;
            bool isNext = (next & (1 << i)) != 0;
            change = isNext && !isOld ? change.Promote(N((ulong)i + 1)) : isOld && !isNext ? change.Remove(N((ulong)i + 1)) : change;
        }

        return change;
    }

    private static bool IsMajority(int set, int reached) => set == 0 || int.PopCount(set & reached) > int.PopCount(set) / 2;

    private static ulong[] Values(int set, int reached) =>
        [.. Enumerable.Range(0, 5).Where(i => (set & (1 << i)) != 0).Select(i => (reached & (1 << i)) != 0 ? 7UL : 3UL)];

    private static bool IsWon(JointQuorum quorum, int old, int next, int reached) => JointQuorum.Both(
        quorum.Incoming.Outcome(int.PopCount(next & reached), int.PopCount(next & ~reached)),
        quorum.Outgoing.Voters == 0 ? QuorumOutcome.Won : quorum.Outgoing.Outcome(int.PopCount(old & reached), int.PopCount(old & ~reached))) == QuorumOutcome.Won;
}
