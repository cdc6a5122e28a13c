using System.Collections.Immutable;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits B01 to B14: pre-vote, quorum check, and leaders that are half dead.</summary>
public sealed class B_LivenessFaults
{
    [Fact] // B01: a pre-vote answer carried the wrong term (etcd#8243, canonical/raft#279).
    public void A_pre_candidate_that_is_behind_learns_the_term_from_the_refusal()
    {
        var lab = new Lab(1, 2, 3);
        RaiseTerm(lab, of: 1, to: 8);
        RaiseTerm(lab, of: 2, to: 8);
        RaiseTerm(lab, of: 3, to: 6);

        lab.TimeOut(3);
        lab.Deliver();

        Assert.Equal(new Term(8), lab[3].Term);
    }

    [Fact] // B01, B04: a granted pre-vote changed the granter (hashicorp#609).
    public void A_granted_pre_vote_changes_nothing_at_the_granter()
    {
        var lab = new Lab(1, 2, 3);
        lab.Skip(Lab.T * 2);
        (Term, NodeId?, Role, Instant) before = (lab[2].Term, lab[2].VotedFor, lab[2].Role, lab[2].Core.NextDeadline);

        lab.Inject(lab.VoteRequest(from: 1, to: 2, term: 2) with { Kind = MessageKind.PreVote });

        Assert.True(lab.LastSent(MessageKind.PreVoteReply, from: 2).IsGranted);
        Assert.Equal(before, (lab[2].Term, lab[2].VotedFor, lab[2].Role, lab[2].Core.NextDeadline));
    }

    [Fact] // B03: a refused pre-vote was ignored although it carried a higher term (openraft#1796).
    public void The_best_log_wins_though_all_others_are_terms_ahead()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Isolate(4);
        lab.Isolate(5);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Isolate(1);
        RaiseTerm(lab, of: 4, to: 9);
        RaiseTerm(lab, of: 5, to: 9);
        lab.Crash(1);
        lab.Restart(1);

        lab.Heal();
        lab.Run(Lab.T * 10);

        Assert.True(lab.Leader is { Term.Value: > 9 });
        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader!.State, node.State));
    }

    [Fact] // B04: the restarted leader's own pre-vote was refused (hashicorp#605).
    public void A_leader_that_restarts_at_once_costs_at_most_two_rounds()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);

        lab.Crash(1);
        lab.Restart(1);
        lab.Run(Lab.T * 4);

        Assert.InRange(lab.Leader!.Term.Value, 3UL, 4UL);
    }

    [Fact] // B05: late pre-votes made a leader campaign against itself (openraft 511f33c7).
    public void Pre_votes_that_come_after_the_victory_start_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(3);
        lab.Hold(Lab.Of(MessageKind.PreVoteReply));
        lab.TimeOut(1);
        lab.Deliver(message => message.Kind is MessageKind.PreVote);

        lab.Skip(Lab.Ms(1));
        lab.Inject(lab.Draft(MessageKind.TimeoutNow, from: 3, to: 1, term: 2) with { Last = lab[1].Last.Index });
        lab.Deliver();
        Assert.Equal(Role.Leader, lab[1].Role);
        Term term = lab[1].Term;
        lab.Release();
        lab.Inject(lab.Draft(MessageKind.PreVoteReply, from: 2, to: 1, term.Value + 1) with { Flags = MessageFlags.Granted, Sequence = 1 });
        lab.Deliver();

        Assert.Equal((Role.Leader, term), (lab[1].Role, lab[1].Term));
    }

    [Fact] // B06: links that fail one by one defeat plain Raft (Howard and Abraham 2020; Cloudflare 2020-11-02).
    public void Whatever_links_fail_a_connected_majority_has_one_stable_leader()
    {
        foreach (int links in UndirectedGraphs())
        {
            AssertStable(links, mirrored: true);
        }
    }

    [Fact] // B06: and links that fail in one direction.
    public void Whatever_links_fail_one_way_a_connected_majority_has_one_stable_leader()
    {
        var random = new SeededRandom(1);
        for (int sample = 0; sample < 100; sample++)
        {
            // Nodes 1 to 3 hear each other; of the other fourteen directions, chance decides.
            AssertStable(random.Next(0, 1 << 20), mirrored: false);
        }
    }

    [Fact] // B07: a leader that can send but not hear stayed leader for ever.
    public void A_leader_that_hears_nobody_steps_down_within_an_election_timeout()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Cut(2, 1);
        lab.Cut(3, 1);

        Assert.True(lab.RunUntil(() => lab[1].Role != Role.Leader, Lab.T * 1.2));
        Assert.True(lab.RunUntil(() => lab.Leader is not null, Lab.T * 4));

        Assert.NotEqual(new NodeId(1), lab.Leader!.Id);
    }

    [Fact] // B08: the quorum check deposed a leader that had just added members (etcd a3afec7).
    public void Members_that_have_not_answered_yet_depose_nobody()
    {
        var lab = new Lab(1);
        lab.Elect(1);
        lab.Join(2);
        lab.Join(3);
        lab.Hold(message => message.To.Value != 1);
        Assert.True(lab.Change(1, MembershipChange.None.Add(new NodeId(2)).Add(new NodeId(3))).IsAppended);

        lab.Run(Lab.T);
        lab.Release();
        lab.Run(Lab.T);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.T);

        Assert.Equal((Role.Leader, new Term(2)), (lab[1].Role, lab[1].Term));
        Assert.Equal(3, lab[1].Membership.IncomingVoters.Length);
    }

    [Fact] // B08, one step further: whether somebody writes or not.
    public void A_member_that_answers_late_becomes_a_voter_without_a_write()
    {
        var lab = new Lab(1);
        lab.Elect(1);
        lab.Join(2);
        lab.Join(3);
        lab.Hold(message => message.To.Value != 1);
        lab.Change(1, MembershipChange.None.Add(new NodeId(2)).Add(new NodeId(3)));

        lab.Run(Lab.T);
        lab.Release();
        lab.Run(Lab.T * 4);

        Assert.Equal(3, lab[1].Membership.IncomingVoters.Length);
    }

    [Fact] // B09: a new leader scanned its log and was late with its first heartbeat (etcd 530b886).
    public void A_long_uncommitted_log_delays_no_heartbeat()
    {
        var founding = Membership.Of(1, 2, 3);
        RestoredState first = RestoredState.Founding(founding);
        var restored = new RestoredState
        {
            HardState = first.HardState with { Log = LogKind.Full },
            Log = [new TermRun(new Term(1), new LogIndex(1), new LogIndex(1_000_000))],
            Memberships = first.Memberships,
        };
        var now = default(Instant);
        var core = new RaftCore(Lab.Options(1, new Incarnation(1)), restored, now);
        now += Lab.T * 2;
        core.Tick(now);
        Message preVote = Answered(core, now);
        core.Step(Grant(preVote, MessageKind.PreVoteReply, preVote.Term), now);
        Message vote = Answered(core, now);
        core.Step(Grant(vote, MessageKind.RequestVoteReply, vote.Term), now);

        Ready won = core.TakeReady(now);

        Assert.Equal(Role.Leader, won.Role);
        Assert.Equal(MessageKind.Heartbeat, won.Messages[0].Kind);
        Assert.Equal(MessageKind.Heartbeat, won.Messages[1].Kind);
        Assert.All(won.Messages.ToArray(), message => Assert.True(message.Kind == MessageKind.Heartbeat || message.EntryCount <= 4096));
    }

    [Fact] // B10: after a lost vote a candidate kept raising its term and deposing others (braft 725242d).
    public void A_broken_link_between_two_followers_of_a_third_deposes_nobody_for_ever()
    {
        var lab = new Lab(1, 2, 3);
        lab.CutBoth(1, 2);
        lab[2].Clock.SetRate(3000, lab.Now);
        lab.Run(Lab.T * 20);
        LabNode leader = lab.Leader!;
        Term term = leader.Term;

        lab.Run(Lab.T * 20);
        Proposal write = lab.Propose(leader.Id.Value, payload: 1);
        lab.Run(Lab.T);

        Assert.Equal(term, leader.Term);
        Assert.True(leader.Commit >= write.Last.Index);
    }

    [Fact] // B11: voters held their promise to the old leader against its chosen successor (braft 3cfb1f1).
    public void A_transfer_takes_no_time_but_that_of_its_messages()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Elect(1);
        lab.Run(Lab.T);
        Instant before = lab.Now;

        Assert.Equal(TransferRefusal.None, lab.Transfer(1, 2));
        lab.Deliver();

        Assert.Equal(Role.Leader, lab[2].Role);
        Assert.Equal(before, lab.Now);
        Assert.Equal([new TransferResult(new NodeId(2), TransferOutcome.Succeeded)], lab.Transfers);
    }

    [Fact] // B12: a leader whose disk hung went on with its heartbeats (hashicorp#503, tarantool#9606).
    public void A_leader_whose_disk_hangs_makes_room_for_another()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);

        lab.Stall(1);
        lab.Propose(1, payload: 1);

        Assert.True(lab.RunUntil(() => lab.Leader is { } leader && leader != lab[1], Lab.T * 5));
        Proposal write = lab.Propose(lab.Leader!.Id.Value, payload: 2);
        lab.Run(Lab.T);
        Assert.True(write.IsAppended && lab.Leader.Commit >= write.Last.Index);
    }

    [Fact] // B12: with nobody to hand over to, it still must not seem to lead.
    public void A_leader_whose_disk_hangs_does_not_count_itself()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Isolate(3);
        lab.Stall(1);
        lab.Propose(1, payload: 1);
        lab.Drop(Lab.Of(MessageKind.TimeoutNow));

        Assert.True(lab.RunUntil(() => lab[1].Role != Role.Leader, Lab.T * 5));
    }

    [Fact] // B13: a node with a broken disk won every election (hashicorp#614).
    public void A_node_whose_disk_broke_hands_over_and_never_stands_again()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);

        lab.FailDisk(1);
        Assert.True(lab.RunUntil(() => lab.Leader is { } leader && leader != lab[1], Lab.T));
        int said = lab.Log.Count(Lab.From(1));
        lab.Run(Lab.T * 20);

        Assert.Equal(said, lab.Log.Count(Lab.From(1)));
        Assert.Equal(Leaderlessness.Stopped, lab[1].Core.Status(lab.Now).WhyNoLeader);
    }

    [Fact] // B14: a follower that refused every append stood for election while it was being repaired (redpanda#30815).
    public void A_refused_append_is_contact_with_the_leader()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);

        for (int i = 0; i < 40; i++)
        {
            lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 1, to: 3, term: 2) with
            {
                Entry = EntryId.Of(2, 100_000),
                Last = new LogIndex(100_000),
            });
            lab.Run(Lab.T / 2);
        }

        Assert.Equal(MessageReason.LogMismatch, lab.LastSent(MessageKind.AppendEntriesReply, from: 3).Reason);
        Assert.Equal(0, lab.CountSent(MessageKind.PreVote, from: 3));
    }

    // Any message of a higher term will do; a refused vote teaches nothing but the term.
    private static void RaiseTerm(Lab lab, ulong of, ulong to) =>
        lab.Inject(lab.Draft(MessageKind.RequestVoteReply, from: of == 2 ? 1UL : 2UL, of, to));

    private static Message Answered(RaftCore core, Instant now)
    {
        Ready ready = core.TakeReady(now);
        Message? asked = ready.Messages.Length > 0 ? ready.Messages[0] : null;
        if (ready.Persist is { } order)
        {
            core.Persisted(order.Receipt, now);
            return Answered(core, now);
        }

        return asked!.Value;
    }

    private static Message Grant(Message asked, MessageKind kind, Term term) => new()
    {
        Kind = kind,
        Flags = MessageFlags.Granted,
        Cluster = Lab.Cluster,
        From = asked.To,
        FromIncarnation = new Incarnation(1),
        To = asked.From,
        ToIncarnation = asked.FromIncarnation,
        Term = term,
        Sequence = asked.Sequence,
    };

    // One bit per pair of nodes: connected, with three nodes that all hear each other.
    private static IEnumerable<int> UndirectedGraphs()
    {
        ImmutableArray<(int A, int B)> pairs = [.. from a in Enumerable.Range(0, 5) from b in Enumerable.Range(a + 1, 4 - a) select (a, b)];
        var seen = new HashSet<int>();
        for (int graph = 0; graph < 1 << 10; graph++)
        {
            int links = 0;
            for (int pair = 0; pair < pairs.Length; pair++)
            {
                links |= (graph >> pair & 1) == 0 ? 0 : Link(pairs[pair].A, pairs[pair].B) | Link(pairs[pair].B, pairs[pair].A);
            }

            if (HasTriangle(links) && IsConnected(links) && seen.Add(links))
            {
                yield return links;
            }
        }
    }

    private static int Link(int from, int to) => 1 << ((from * 4) + (to > from ? to - 1 : to));

    private static bool Hears(int links, int from, int to) => (links & Link(from, to)) != 0;

    private static bool HasTriangle(int links) =>
        (from a in Enumerable.Range(0, 5)
         from b in Enumerable.Range(a + 1, 4 - a)
         from c in Enumerable.Range(b + 1, 4 - b)
         where Hears(links, a, b) && Hears(links, b, c) && Hears(links, a, c)
         select a).Any();

    private static bool IsConnected(int links)
    {
        int reached = 1;
        for (int step = 0; step < 5; step++)
        {
            for (int a = 0; a < 5; a++)
            {
                for (int b = 0; b < 5; b++)
                {
                    reached |= a != b && (reached >> a & 1) != 0 && Hears(links, a, b) ? 1 << b : 0;
                }
            }
        }

        return reached == 0b11111;
    }

    // The cluster is whole at first; then links fail. Twenty timeouts later somebody leads, goes on leading, and commits.
    private static void AssertStable(int links, bool mirrored)
    {
        var lab = new Lab(Membership.Of(1, 2, 3, 4, 5), FewHeartbeats);
        lab.Elect((ulong)(links % 5) + 1);
        for (int from = 0; from < 5; from++)
        {
            for (int to = 0; to < 5; to++)
            {
                bool isCore = !mirrored && from < 3 && to < 3;
                if (from != to && !isCore && !Hears(links, from, to))
                {
                    lab.Cut((ulong)from + 1, (ulong)to + 1);
                }
            }
        }

        lab.Run(Lab.T * 20);
        string graph = $"links {links:x}";
        LabNode? leader = lab.Leader;
        Assert.True(leader is not null, graph);
        Term term = leader.Term;
        Proposal write = lab.Propose(leader.Id.Value, payload: 1);
        lab.Run(Lab.T * 2);
        Assert.True(leader.Role == Role.Leader && leader.Term == term && leader.Commit >= write.Last.Index, graph);
    }

    private static RaftOptions FewHeartbeats(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
        HeartbeatInterval = Lab.T / 5,
    };
}
