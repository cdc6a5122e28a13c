using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>What an entry does.</content>
internal sealed partial class Applier
{
    private async ValueTask ApplyAsync(ApplyWork work)
    {
        LogIndex first = Applied.Index.Next;
        foreach (StoredEntry entry in work.Entries)
        {
            Invariant.Check(entry.Id.Index == first + (ulong)work.Outcomes.Count, entry.Id, Applied);
            if (entry.Kind != EntryKind.Command || entry.IsHeaderOnly)
            {
                // A witness has no commands: it counts what is committed, and no state machine of its own goes with it.
                work.Outcomes.Add(new EntryOutcome(entry.Id, RejectReason.None, entry.Id.Index, default));
                continue;
            }

            if (!EntryEnvelope.TryRead(entry.Payload, out EntryEnvelope envelope, out ReadOnlyMemory<byte> command))
            {
                // It passed its checksum, so every node has these bytes: a version that isn't ours wrote them.
                throw new InvalidDataException($"Entry {entry.Id} was written by a newer program; this one can't apply it. Update this node.");
            }

            bool standsAlone = _disk is { } disk && envelope.Form == WriteForm.Command && disk.StandsAlone(command);
            if (standsAlone && work.Outcomes.Count > 0)
            {
                await CommitAsync(work, work.Entries[work.Outcomes.Count - 1].Id);
            }

            if (envelope.Form != WriteForm.Command || _numbered.Contains((envelope.Session, envelope.Sequence)))
            {
                // The answer that it repeats, or the state that it looks at, still lies in the batch.
                await FlushAsync(work);
            }

            work.HasCommands |= envelope.Form == WriteForm.Command;
            Stage(work, entry.Id, envelope, command);
            if (entry.Id.Index.Value % SessionTable.PruneEvery == 0)
            {
                await FlushAsync(work);
                State.Sessions.Prune();
            }

            if (standsAlone)
            {
                await CommitAsync(work, entry.Id);
            }

            if (envelope.Form == WriteForm.CompareStates && entry.Id.Index > ReplayedThrough && HasDigest)
            {
                await CommitAsync(work, entry.Id);
                await DigestAsync(entry.Id.Index);
            }
        }

        await CommitAsync(work, work.Entries[^1].Id);
        work.Reached = Position;
    }

    private async ValueTask DigestAsync(LogIndex entry)
    {
        if (await ((IDigest)_machine).BeginDigestAsync() is { } digest)
        {
            _host.DigestBegun(entry, digest);
        }
        else
        {
            Volatile.Write(ref _hasNoDigest, true);
        }
    }

    private async ValueTask CommitAsync(ApplyWork work, EntryId last)
    {
        await FlushAsync(work);
        if (_disk is { } disk && last != Applied)
        {
            await disk.CommitAsync(_rows!.TakeChanges(last));
        }

        Applied = last;
    }

    private void Stage(ApplyWork work, EntryId entry, in EntryEnvelope envelope, ReadOnlyMemory<byte> command)
    {
        DateTimeOffset time = State.Advance(envelope.WallTicks);
        var outcome = new EntryOutcome(entry, RejectReason.None, entry.Index, default);
        switch (envelope.Form)
        {
            case WriteForm.Command when envelope.Session == 0:
                _staged.Add((work.Outcomes.Count, 0, 0));
                _batch.Add(command, new AppliedAt(entry.Index, time, envelope.Seed));
                break;
            case WriteForm.Command:
                SessionVerdict verdict = State.Sessions.Judge(entry.Index, envelope, out SessionAnswer earlier);
                if (verdict == SessionVerdict.Apply)
                {
                    _numbered.Add((envelope.Session, envelope.Sequence));
                    _staged.Add((work.Outcomes.Count, envelope.Session, envelope.Sequence));
                    _batch.Add(command, new AppliedAt(entry.Index, time, envelope.Seed));
                }
                else
                {
                    outcome = OutcomeOf(entry, verdict, earlier);
                }

                break;
            case WriteForm.OpenSession:
                State.Sessions.Open(entry.Index, envelope.SessionTicks, LifetimeIn(command.Span));
                break;
            case WriteForm.CloseSession:
                State.Sessions.Close(envelope.Session, envelope.SessionTicks);
                break;
            case WriteForm.KeepAlive:
                outcome = State.Sessions.Touch(envelope) ? outcome : outcome with { Refusal = RejectReason.SessionExpired };
                break;
            case WriteForm.Fence:
                // From here on the log says what became of the number, and nothing that is still on its way can change it.
                outcome = OutcomeOf(entry, State.Sessions.Judge(entry.Index, envelope, out SessionAnswer fenced), fenced);
                break;
            case WriteForm.CompareStates:
                break;
            case WriteForm.ReportDigest:
                if (!DigestReport.TryRead(command.Span, out DigestReport report))
                {
                    outcome = outcome with { Refusal = RejectReason.Malformed };
                }
                else if (entry.Index > ReplayedThrough)
                {
                    _host.DigestReported(report);
                }

                break;
            default:
                if (State.Addresses.TryNote(command.Span, out NodeId node, out string address))
                {
                    _rows?.Note(new StateKey(StateRowKind.Address, node.Value));
                    _host.AddressNoted(node, address);
                }
                else
                {
                    outcome = outcome with { Refusal = RejectReason.Malformed };
                }

                break;
        }

        work.Outcomes.Add(outcome);
    }

    private static EntryOutcome OutcomeOf(EntryId entry, SessionVerdict verdict, in SessionAnswer earlier) => verdict switch
    {
        SessionVerdict.Answered => new EntryOutcome(entry, RejectReason.None, earlier.Index, earlier.Answer),
        SessionVerdict.TooLarge => new EntryOutcome(entry, RejectReason.TooLarge, earlier.Index, default),
        SessionVerdict.Forgotten => new EntryOutcome(entry, RejectReason.AnswerForgotten, entry.Index, default),
        SessionVerdict.Fenced => new EntryOutcome(entry, RejectReason.Fenced, entry.Index, default),
        _ => new EntryOutcome(entry, RejectReason.SessionExpired, entry.Index, default),
    };

    private async ValueTask FlushAsync(ApplyWork work)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        await _machine.ApplyAsync(_batch);
        for (int i = 0; i < _batch.Count; i++)
        {
            (int position, ulong session, ulong sequence) = _staged[i];
            EntryOutcome outcome = work.Outcomes[position] with { Answer = _batch.AnswerAt(i) };
            work.Outcomes[position] = outcome;
            if (session != 0)
            {
                State.Sessions.Record(session, sequence, outcome.Answer);
            }
        }

        _batch.Clear();
        _staged.Clear();
        _numbered.Clear();
    }

    private static TimeSpan LifetimeIn(ReadOnlySpan<byte> command) =>
        command.Length == sizeof(long) ? new TimeSpan(Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(command))) : TimeSpan.Zero;
}
