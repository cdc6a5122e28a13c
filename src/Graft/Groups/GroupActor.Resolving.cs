using Graft.Consensus;

namespace Graft;

/// <content>What became of a write that nobody answered.</content>
internal sealed partial class GroupActor
{
    /// <summary>Settles the fate of a write: by its number, or by its place in the log.</summary>
    /// <remarks>
    /// A number is fenced: if it wasn't applied before the fence, it never is. A place is decided once a leader of a later term has
    /// committed an entry of its own: an entry that such a log lacks can't be committed any more, since whoever still has it can't
    /// win an election against that commit (thesis §3.6.3).
    /// </remarks>
    internal async ValueTask<WriteResult> ResolveAsync(WriteId write, TimeSpan timeout)
    {
        TimeSpan allowed = timeout > TimeSpan.Zero ? timeout : _settings.DefaultTimeout;
        try
        {
            return write.Session != 0 ? await FenceAsync(write, allowed) : await LookUpAsync(write, allowed);
        }
        catch (GraftException other) when (!IsVerdict(other, write))
        {
            // It says why the question wasn't answered, and nothing of the write.
            throw new UnknownOutcomeException($"It couldn't be found out what became of the write. {other.Message}", write);
        }
    }

    // What the log says of the write itself. Everything else is about the question.
    private static bool IsVerdict(GraftException end, in WriteId write) => end switch
    {
        RejectedException rejected => rejected.Reason == (write.Session != 0 ? RejectReason.Fenced : RejectReason.Superseded),
        _ => end is UnknownOutcomeException or SessionExpiredException,
    };

    private ValueTask<WriteResult> FenceAsync(WriteId write, TimeSpan allowed)
    {
        var fence = new WriteOptions { Session = write.Session, Sequence = write.Sequence, Timeout = allowed };
        return WriteAsync(WriteForm.Fence, default, fence, CancellationToken.None);
    }

    private async ValueTask<WriteResult> LookUpAsync(WriteId write, TimeSpan allowed)
    {
        if (write.Entry == EntryId.Zero)
        {
            throw new UnknownOutcomeException("The write has neither a number nor a place in the log, so nothing can be found out of it.", write);
        }

        Instant deadline = _services.Clock.Now + allowed;
        await ReadAsync(ReadConsistency.Linearizable, query: null, allowed, CancellationToken.None);
        while (true)
        {
            bool? isCommitted = await FindAsync(write.Entry);
            if (isCommitted == true && View.Applied >= write.Entry.Index)
            {
                return new WriteResult(write.Entry.Index, default);
            }

            if (isCommitted == false)
            {
                throw new RejectedException(RejectReason.Superseded, $"{write.Entry} was never committed, and can't be any more.");
            }

            TimeSpan left = deadline - _services.Clock.Now;
            if (left <= TimeSpan.Zero)
            {
                throw new UnknownOutcomeException($"{write.Entry} is {(isCommitted == true ? "committed and not applied" : "neither committed nor replaced")} yet.", write);
            }

            // A result is of what was applied, as every other is: whoever asks this node next sees it.
            await ReadAsync(ReadConsistency.AtLeast(write.Entry.Index), query: null, left, CancellationToken.None);
        }
    }

    private Task<bool?> FindAsync(EntryId entry) => AskAsync<bool?>((done, _) =>
    {
        if (entry.Index > _core.CommitIndex)
        {
            done.SetResult(_core.Term > entry.Term && _core.Log.TermAt(_core.CommitIndex) > entry.Term ? false : null);
        }
        else if (entry.Index >= _core.Log.Base.Index)
        {
            done.SetResult(_core.Log.Contains(entry));
        }
        else
        {
            done.SetException(new UnknownOutcomeException(
                $"The log of this node begins behind {_core.Log.Base}: it can't tell any more what stood at {entry.Index}.", new WriteId(entry, 0, 0)));
        }
    });
}
