using Graft.Consensus;

namespace Graft.Simulation.Core;

// What clients and operators ask of a node through its host, and what they hear back.
public sealed partial class World
{
    private ulong _nextRead;

    private bool StepForHost(SimNode node, CoreNode host, in SimEvent e, Instant now)
    {
        RaftCore core = host.Core;
        switch (e.Kind)
        {
            case EventKind.ClientPropose:
                Propose(node, host, (int)e.Argument, now);
                return true;
            case EventKind.ClientRead:
                BeginRead(node, core, e.Argument, now);
                return true;
            case EventKind.Transfer:
                Transfer(node, core, now);
                return true;
            case EventKind.Campaign:
                if (core.Campaign(now))
                {
                    _tally.Hit(Probe.CampaignCalled);
                    Trace(node.Slot, "told to stand");
                }

                return true;
            case EventKind.Unreachable:
                core.ReportUnreachable(new NodeId(e.Argument), now);
                return true;
            case EventKind.PauseSeen:
                node.PausedAt = now;
                core.PauseDetected(now);
                return true;
            case EventKind.EarlyTick:
                core.Tick(now);
                return true;
            case EventKind.TakeSnapshot:
                if (!host.TakeSnapshot(e.Argument, now))
                {
                    return false;
                }

                _tally.Hit(Probe.SnapshotTaken);
                Trace(node.Slot, $"snapshot at {host.Disk.Snapshot!.Snapshot.Last}, log from {core.Log.Base}");
                return true;
            case EventKind.ChangeMembers:
                ChangeMembers(node, host, isTurnover: e.Argument == 1, now);
                return true;
            default:
                FailStorage(node, host, now);
                return true;
        }
    }

    private void Propose(SimNode node, CoreNode host, int count, Instant now)
    {
        Span<ulong> payloads = stackalloc ulong[count];
        ulong first = _ledger.NumberPayloads(count);
        for (int i = 0; i < count; i++)
        {
            payloads[i] = first + (ulong)i;
        }

        // Now and then an entry that is too large: refused whole, and nothing of it may ever be seen.
        int bytes = _clientRandom.Chance(10) ? _options.EntryBytesMax + 1 : Math.Min(_options.PayloadBytes, _options.EntryBytesMax);
        Proposal proposal = host.Propose(payloads, bytes, now);
        if (_trace is not null)
        {
            Trace(node.Slot, $"propose {count}: {(proposal.IsAppended ? $"[{proposal.First}..{proposal.Last.Index}]" : proposal.Refusal)}");
        }

        if (!proposal.IsAppended)
        {
            NoteRefusal(proposal.Refusal);
            return;
        }

        RaftCore core = host.Core;
        Violation.Unless(proposal.Last == core.Log.Last && core.Role == Role.Leader, "a leader appends at the end of its log", proposal, core.Log.Last);
        Violation.Unless(
            !node.HasOpenTransfer || core.Status(now).TransferTarget is null, "no write is taken while leadership is handed over", proposal, node.Id);
        for (int i = 0; i < count; i++)
        {
            var id = new EntryId(proposal.First.Term, proposal.First.Index + (ulong)i);
            _ledger.NoteProposed(payloads[i], id);
            node.Proposals.Enqueue(id);
        }
    }

    private void NoteRefusal(ProposalRefusal refusal)
    {
        switch (refusal)
        {
            case ProposalRefusal.TransferInProgress:
                _tally.Hit(Probe.ProposalRefusedTransfer);
                break;
            case ProposalRefusal.Overloaded:
                _tally.Hit(Probe.ProposalRefusedOverloaded);
                break;
            case ProposalRefusal.EntryTooLarge:
                _tally.Hit(Probe.ProposalRefusedTooLarge);
                break;
            case ProposalRefusal.Stopped:
                _tally.Hit(Probe.ProposalRefusedStopped);
                break;
            default:
                break;
        }
    }

    // The upper bit of the argument is the level, the rest what was committed when the client called.
    private void BeginRead(SimNode node, RaftCore core, ulong argument, Instant now)
    {
        ReadLevel level = (argument >> 63) == 1 ? ReadLevel.Lease : ReadLevel.Linearizable;
        var floor = new LogIndex(argument & ~(1UL << 63));
        TimeSpan timeout = _clientRandom.Next(_options.ElectionTimeout / 2, _options.ElectionTimeout * 5);
        ulong id = ++_nextRead;
        node.Reads.Add(id, new OpenRead(floor, now + timeout, level));
        if (_trace is not null)
        {
            Trace(node.Slot, $"read r{id} {level}, floor {floor}");
        }

        core.Read(new ReadId(id), level, timeout, now);
    }

    private void EndReads(SimNode node, CoreNode host)
    {
        foreach (ReadResult result in host.EndedReads)
        {
            bool isKnown = node.Reads.Remove(result.Id.Value, out OpenRead read);
            Violation.Unless(isKnown, "a read ends once", node.Id, result);
            if (_trace is not null)
            {
                Trace(node.Slot, $"read {result.Id} {result.Outcome} index {result.Index} {result.Level}, applied {host.State.Applied}");
            }

            if (result.Outcome == ReadOutcome.Confirmed)
            {
                _ledger.NoteRead(node.Id, read, result, host.State.Applied);
            }

            NoteRead(host, read, result);
        }

        host.EndedReads.Clear();
    }

    private void NoteRead(CoreNode host, in OpenRead read, in ReadResult result)
    {
        switch (result.Outcome)
        {
            case ReadOutcome.Overloaded:
                _tally.Hit(Probe.ReadRefusedOverloaded);
                return;
            case ReadOutcome.NoLeader:
                _tally.Hit(Probe.ReadFoundNoLeader);
                return;
            case ReadOutcome.TimedOut:
                _tally.Hit(Probe.ReadTimedOut);
                return;
            case ReadOutcome.Stopped:
                _tally.Hit(Probe.ReadEndedByStop);
                return;
            default:
                break;
        }

        bool isLeader = host.Core.Role == Role.Leader;
        bool isLease = result.Level == ReadLevel.Lease;
        _tally.Hit(isLeader ? Probe.ReadByLeader : host.Core.Membership.IsVoter(host.Id) ? Probe.ReadByFollower : Probe.ReadByLearner);
        if (isLease)
        {
            _tally.Hit(isLeader ? Probe.ReadUnderLease : Probe.LeaseReadByFollower);
        }
        else if (read.Level == ReadLevel.Lease)
        {
            _tally.Hit(Probe.LeaseReadConfirmedByRound);
        }
    }

    private void Transfer(SimNode node, RaftCore core, Instant now)
    {
        NodeId? target = null;
        if (core.Role == Role.Leader && _nemesisRandom.Chance(700))
        {
            ReadOnlySpan<Member> members = core.Membership.Members;
            target = members[_nemesisRandom.Next(0, members.Length - 1)].Id;
        }

        TimeSpan timeout = _options.ElectionTimeout * _nemesisRandom.Next(1, 4) / 2;
        TransferRefusal refusal = core.TransferLeadership(target, timeout, now);
        if (_trace is not null)
        {
            Trace(node.Slot, $"transfer to {(target is { } named ? named : "the best")}: {refusal}");
        }

        if (refusal == TransferRefusal.None)
        {
            // The deadline while it leads, an election timeout to learn who follows it, and one more for a late timer.
            node.HasOpenTransfer = true;
            node.IsTransferNew = true;
            node.TransferEndsBy = now + timeout + (_options.ElectionTimeout * 2);
        }
    }

    private void EndTransfers(SimNode node, CoreNode host)
    {
        foreach (TransferResult result in host.EndedTransfers)
        {
            Trace(node.Slot, result.ToString());
            if (!node.HasOpenTransfer)
            {
                _tally.Hit(Probe.TransferForStalledDisk);
            }

            node.HasOpenTransfer = false;
            if (!node.IsTransferNew)
            {
                CheckTransferIsOver(node, host, result);
            }

            _tally.Hit(result.Outcome switch
            {
                TransferOutcome.Succeeded => Probe.TransferSucceeded,
                TransferOutcome.TimedOut => Probe.TransferTimedOut,
                TransferOutcome.AnotherLeads => Probe.TransferToAnother,
                _ => Probe.TransferToNobody,
            });
        }

        host.EndedTransfers.Clear();
    }

    // A leader whose transfer has timed out takes writes again, unless its disk gave it a reason for the next one at once.
    private void CheckTransferIsOver(SimNode node, CoreNode host, TransferResult result)
    {
        if (result.Outcome == TransferOutcome.TimedOut && host.Core.Role == Role.Leader)
        {
            RaftStatus status = host.Core.Status(Now(node));
            TimeSpan stall = _options.DiskStall ?? _options.ElectionTimeout * 2;
            Violation.Unless(
                status.TransferTarget is null || status.DiskOwesFor >= stall, "a transfer that has timed out is over", (node.Id, result), status.TransferTarget);
        }
    }

    private void FailStorage(SimNode node, CoreNode host, Instant now)
    {
        _tally.Hit(FaultKind.StorageFailure);
        if (node.IsLeader)
        {
            _tally.Hit(Probe.StorageFailureOfLeader);
        }

        Trace(node.Slot, "its storage fails");
        node.IsStopped = true;
        node.HasOpenTransfer = false;
        host.Core.StorageFailed(now);
        _queue.Add(_time + 1 + (long)_nemesisRandom.NextBelow((ulong)(_t * 2)), EventKind.CrashNow, node.Slot, node.Life, (ulong)(_t / 2));
    }
}
