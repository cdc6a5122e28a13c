namespace Graft.Consensus.Tests.Scenarios;

// What clients and operators ask for, and what they can see.
internal sealed partial class ScriptRunner
{
    private bool DoClients(ScriptCommand command, Lab lab)
    {
        switch (command.Verb)
        {
            case "elect":
                Elect(command, lab);
                return true;
            case "campaign":
                LabNode candidate = Awake(command, lab);
                if (!lab.Campaign(candidate.Id.Value))
                {
                    Say($"{candidate.Id} doesn't stand");
                }

                return true;
            case "propose":
                Propose(command, lab);
                return true;
            case "read":
                Read(command, lab);
                return true;
            case "transfer":
                Transfer(command, lab);
                return true;
            case "change":
                Change(command, lab);
                return true;
            default:
                return false;
        }
    }

    // What happens on the way is mostly the business of other scripts.
    private void Elect(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        bool shows = command.TakesWord("show");
        int told = _narrator.Lines.Count;
        lab.Elect(node.Id.Value);
        if (!shows)
        {
            _narrator.Lines.RemoveRange(told, _narrator.Lines.Count - told);
        }

        Say($"{node.Id} leads {node.Term}, log {LabNarrator.Describe(node.Core.Log)}, commit {node.Commit}");
    }

    private void Propose(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        _ = command.NextWord();
        int count = (int)(command.Number("count") ?? 1);
        int bytes = (int)(command.Number("bytes") ?? 100);
        ulong[] payloads = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            payloads[i] = ++_lastPayload;
        }

        Proposal proposal = node.Host!.Propose(payloads, bytes, node.Clock.Read(lab.Now));
        lab.Settle(node);
        if (!proposal.IsAppended)
        {
            Say($"{node.Id} refuses the proposal: {LabNarrator.Words(proposal.Refusal)}");
        }
    }

    private void Read(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        int sent = lab.Log.Count;
        ReadId read = lab.Read(node.Id.Value, command.Named<ReadLevel>("level") ?? ReadLevel.Linearizable, command.Time("timeout"));
        string[] asked = [.. lab.Log.Skip(sent).Where(message => message.Kind is MessageKind.Heartbeat or MessageKind.ReadIndex).Select(message => $"{message.To}")];
        if (asked.Length > 0)
        {
            Say($"{node.Id} asks {string.Join(", ", asked)}");
        }

        if (lab.ResultOf(read) is null)
        {
            Say($"{node.Id} keeps read {read.Value} waiting");
        }
    }

    private void Transfer(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        TransferRefusal refusal = node.Core.TransferLeadership(command.Node("to"), command.Time("timeout") ?? Lab.T, node.Clock.Read(lab.Now));
        lab.Settle(node);
        Say(refusal == TransferRefusal.None
            ? $"{node.Id} hands over to {node.Core.Status(node.Clock.Read(lab.Now)).TransferTarget}"
            : $"{node.Id} refuses the transfer: {LabNarrator.Words(refusal)}");
    }

    private void Change(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        MembershipChange change = MembershipChange.None;
        change = command.Nodes("add").Aggregate(change, (all, id) => all.Add(id));
        change = command.Nodes("addlearner").Aggregate(change, (all, id) => all.AddLearner(id));
        change = command.Nodes("addwitness").Aggregate(change, (all, id) => all.AddWitness(id));
        change = command.Nodes("promote").Aggregate(change, (all, id) => all.Promote(id));
        change = command.Nodes("demote").Aggregate(change, (all, id) => all.Demote(id));
        change = command.Nodes("remove").Aggregate(change, (all, id) => all.Remove(id));
        LogIndex expected = command.Number("expect") is { } index ? new LogIndex(index) : node.Core.MembershipIndex;
        MembershipProposal proposal = node.Core.ProposeMembership(change, expected, node.Clock.Read(lab.Now));
        lab.Settle(node);
        if (!proposal.IsAppended)
        {
            Say($"{node.Id} refuses the change: {LabNarrator.Words(proposal.Refusal)}");
        }
    }

    private bool DoViews(ScriptCommand command, Lab lab)
    {
        switch (command.Verb)
        {
            case "status":
                LabNode node = Awake(command, lab);
                string[] sentences = node.Core.Status(node.Clock.Read(lab.Now)).Explain().Split(". ");
                for (int i = 0; i < sentences.Length; i++)
                {
                    Say($"{(i == 0 ? "" : "  ")}{sentences[i].TrimEnd('.')}.");
                }

                return true;
            case "log":
                foreach (LabNode each in Chosen(command, lab))
                {
                    string unstored = each.Core.DurableIndex == each.Last.Index ? "" : $", stored {each.Core.DurableIndex}";
                    Say($"{each.Id} log {LabNarrator.Describe(each.Core.Log)}, commit {each.Commit}{unstored}");
                }

                return true;
            case "members":
                foreach (LabNode each in Chosen(command, lab))
                {
                    Say($"{each.Id} counts {each.Membership} since {each.Core.MembershipIndex}");
                }

                return true;
            case "state":
                foreach (IGrouping<Graft.Simulation.Core.StateImage, LabNode> alike in lab.Up.GroupBy(each => each.State))
                {
                    Say($"{string.Join(", ", alike.Select(each => each.Id))} applied {alike.Key.Applied}");
                }

                return true;
            default:
                return false;
        }
    }

    private static IEnumerable<LabNode> Chosen(ScriptCommand command, Lab lab) =>
        command.TakesWord("all") ? lab.Up : [Awake(command, lab)];
}
