namespace Graft.Consensus.Tests.Scenarios;

// Nodes, disks, snapshots and time.
internal sealed partial class ScriptRunner
{
    private bool DoNodes(ScriptCommand command, Lab lab)
    {
        switch (command.Verb)
        {
            case "start":
                lab.Join(command.Node().Value);
                return true;
            case "crash":
                lab.Crash(Awake(command, lab).Id.Value, (int)(command.Number("keep") ?? 0));
                return true;
            case "restart":
                LabNode down = Known(command, lab);
                lab.Restart(down.IsUp ? throw command.Error($"{down.Id} is up") : down.Id.Value);
                return true;
            case "pause":
                lab.Pause(Awake(command, lab).Id.Value);
                return true;
            case "wake":
                Awake(command, lab).IsPaused = false;
                return true;
            case "stall":
                lab.Stall(Awake(command, lab).Id.Value);
                return true;
            case "resume":
                lab.Resume(Awake(command, lab).Id.Value);
                return true;
            case "persist":
                Persist(command, lab);
                return true;
            case "faildisk":
                lab.FailDisk(Awake(command, lab).Id.Value);
                return true;
            case "snapshot":
                LabNode holder = Awake(command, lab);
                bool isTaken = lab.Snapshot(holder.Id.Value, command.Number("trailing") ?? 0);
                Say(isTaken
                    ? $"{holder.Id} has the snapshot {holder.Disk.Snapshot!.Snapshot.Last}, log {LabNarrator.Describe(holder.Core.Log)}"
                    : $"{holder.Id} has nothing new to take a snapshot of");
                return true;
            case "fetch":
                Fetch(command, lab);
                return true;
            case "run":
                lab.Run(command.Time());
                return true;
            case "sleep":
                lab.Skip(command.Time());
                return true;
            case "tick":
                lab.Tick(Awake(command, lab).Id.Value);
                return true;
            default:
                return false;
        }
    }

    private void Persist(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        string how = command.NextWord() ?? "all";
        int pending = node.Disk.Pending.Count;
        int position = how == "skip" ? (int)command.ToNumber(command.Word("How many to skip"), "writes") : 0;
        if (how is not ("all" or "one" or "skip"))
        {
            throw command.Error($"'{how}' is none of all, one, skip n");
        }

        if (position >= pending)
        {
            throw command.Error($"{node.Id}'s disk has {pending} writes under way");
        }

        do
        {
            lab.CompleteWrite(node.Id.Value, position);
        }
        while (how == "all" && node.Disk.Pending.Count > 0);

        Say($"{node.Id} has stored {node.Core.DurableIndex}");
    }

    private void Fetch(ScriptCommand command, Lab lab)
    {
        LabNode node = Awake(command, lab);
        if (node.Host!.Wanted is not { } wanted)
        {
            throw command.Error($"{node.Id} waits for no snapshot");
        }

        Instant now = node.Clock.Read(lab.Now);
        EntryId last = wanted.Snapshot.Last;
        if (command.TakesWord("fails"))
        {
            node.Host.FailSnapshot(now);
            Say($"{node.Id} can't fetch the snapshot {last}");
        }
        else if (command.Number("bytes") is { } bytes)
        {
            node.Core.SnapshotProgress(last, (long)bytes, now);
            Say($"{node.Id} has {bytes} bytes of the snapshot {last}");
        }
        else if (lab[wanted.From.Value].Disk.Snapshot is { } image && image.Snapshot.Last == last)
        {
            node.Host.ReceiveSnapshot(image, now);
        }
        else
        {
            throw command.Error($"{wanted.From} doesn't hold the snapshot {last} any more");
        }

        lab.Settle(node);
    }
}
