namespace Graft.Consensus.Tests.Scenarios;

// Messages and the network.
internal sealed partial class ScriptRunner
{
    private bool DoMessages(ScriptCommand command, Lab lab)
    {
        switch (command.Verb)
        {
            case "deliver":
                Deliver(command, lab);
                return true;
            case "drop":
                Drop(command, lab);
                return true;
            case "lose":
                lab.Drop(Filter(command), (int)(command.Number("n") ?? int.MaxValue));
                return true;
            case "repeat":
                lab.Duplicate(Filter(command));
                return true;
            case "hold":
                lab.Hold(Filter(command));
                return true;
            case "release":
                Release(command, lab);
                return true;
            case "wire":
                Wire(lab);
                return true;
            case "isolate":
                ulong alone = Known(command, lab).Id.Value;
                lab.Isolate(alone);
                lab.DropInFlight(message => message.From.Value == alone || message.To.Value == alone);
                return true;
            case "cut":
                Cut(command, lab);
                return true;
            case "rejoin":
                lab.Rejoin(Known(command, lab).Id.Value);
                return true;
            case "heal":
                lab.Heal();
                return true;
            case "forge":
                Forge(command, lab);
                return true;
            default:
                return false;
        }
    }

    private static Func<Message, bool> Filter(ScriptCommand command)
    {
        NodeId? from = command.Node("from");
        NodeId? to = command.Node("to");
        MessageKind? kind = command.Named<MessageKind>("kind");
        return message =>
            (from is null || message.From == from) && (to is null || message.To == to) && (kind is null || message.Kind == kind);
    }

    private void Deliver(ScriptCommand command, Lab lab)
    {
        bool shows = command.TakesWord("show");
        Func<Message, bool> filter = Filter(command);
        _narrator.ShowsMessages = shows || command.IsNamed;
        if (command.Number("n") is { } count)
        {
            for (ulong i = 0; i < count; i++)
            {
                if (lab.DeliverOne(filter) is null)
                {
                    throw command.Error($"only {i} such messages are under way");
                }
            }
        }
        else
        {
            lab.Deliver(filter);
        }

        _narrator.ShowsMessages = false;
    }

    private static void Drop(ScriptCommand command, Lab lab)
    {
        Func<Message, bool> filter = Filter(command);
        ulong left = command.Number("n") ?? ulong.MaxValue;
        if (lab.DropInFlight(message => filter(message) && left-- > 0) == 0)
        {
            throw command.Error("no such message is under way");
        }
    }

    private static void Release(ScriptCommand command, Lab lab)
    {
        if (command.IsNamed)
        {
            lab.Release(Filter(command));
        }
        else
        {
            lab.Release();
        }
    }

    private void Wire(Lab lab)
    {
        foreach (Message message in lab.InFlight)
        {
            Say(message.ToString());
        }
    }

    private static void Cut(ScriptCommand command, Lab lab)
    {
        string text = command.Word("Whom from whom, as 1>2,");
        string[] sides = text.Split('>');
        if (sides.Length != 2)
        {
            throw command.Error($"'{text}' is no cut like 1>2");
        }

        NodeId from = command.ToNode(sides[0]);
        NodeId to = command.ToNode(sides[1]);
        lab.Cut(from.Value, to.Value);
        lab.DropInFlight(message => message.From == from && message.To == to);
    }

    private void Forge(ScriptCommand command, Lab lab)
    {
        NodeId to = command.Node("to") ?? throw command.Error("'to=' is missing");
        var message = new Message
        {
            Kind = command.Named<MessageKind>("kind") ?? MessageKind.None,
            Flags = command.TakesWord("granted") ? MessageFlags.Granted : MessageFlags.None,
            Reason = command.Named<MessageReason>("reason") ?? MessageReason.None,
            Cluster = new ClusterId(command.Number("cluster") ?? Lab.Cluster.Value),
            From = command.Node("from") ?? throw command.Error("'from=' is missing"),
            FromIncarnation = new Incarnation((uint)(command.Number("life") ?? 1)),
            To = to,
            ToIncarnation = new Incarnation((uint)(command.Number("tolife") ?? 0)),
            Term = new Term(command.Number("term") ?? throw command.Error("'term=' is missing")),
            Entry = command.Entry("entry") ?? EntryId.Zero,
            Last = new LogIndex(command.Number("last") ?? 0),
            EntriesTerm = new Term(command.Number("entries") ?? 0),
            Commit = new LogIndex(command.Number("commit") ?? 0),
            Round = command.Number("round") ?? 0,
            Sequence = command.Number("sequence") ?? 0,
        };
        _narrator.ShowsMessages = true;
        lab.Inject(message, command.Number("at"));
        _narrator.ShowsMessages = false;
    }
}
