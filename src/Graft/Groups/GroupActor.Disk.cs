using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>What is to become durable, and what has.</content>
internal sealed partial class GroupActor
{
    // A disk that was full is asked again this often.
    private static readonly TimeSpan DiskRetry = TimeSpan.FromMilliseconds(500);

    private readonly Stack<LogWrite> _freeWrites = new();
    private readonly Queue<(LogWrite Write, PersistReceipt? Receipt)> _writes = new();

    // Compactions that went ahead of writes which the full disk has refused.
    private readonly HashSet<LogWrite> _wentAhead = [];
    private readonly Stack<PayloadBlock> _freeBlocks = new();
    private readonly StoredEntry[] _one = new StoredEntry[1];
    private ulong _writeNumber;
    private ulong _writesDone;
    private int _unanswered;
    private bool _isDiskFull;
    private Instant _retryDiskAt = Instant.Never;
    private StorageFailedException? _diskFailure;

    /// <summary>Whether the disk refuses commands for want of space.</summary>
    internal bool IsDiskFull => Volatile.Read(ref _isDiskFull);

    StoredEntry IEntrySource.Find(GroupId group, EntryId id) => _tail.TryGet(id.Index, out StoredEntry entry) ? entry : default;

    void ILogCompletion.Durable(LogWrite write, FlushToken token) => NoteWritten(write, null, isNoSpace: false);

    void ILogCompletion.NoSpace(LogWrite write) => NoteWritten(write, null, isNoSpace: true);

    void ILogCompletion.Failed(LogWrite write, Exception why) => NoteWritten(write, why, isNoSpace: false);

    private void NoteWritten(LogWrite write, Exception? failure, bool isNoSpace)
    {
        lock (_gate)
        {
            _incoming.Written.Add((write, failure, isNoSpace));
        }

        Ask();
    }

    // No-ops and configurations, which nobody but this leader has.
    private void Encode(ReadOnlySpan<OwnEntry> owned)
    {
        foreach (ref readonly OwnEntry own in owned)
        {
            PayloadBlock? block = null;
            ReadOnlyMemory<byte> payload = default;
            if (own.Membership is { } membership)
            {
                int size = MembershipCodec.GetSize(membership);
                block = PayloadBlock.Rent(_freeBlocks, size);
                Memory<byte> bytes = block.Take(size);
                MembershipCodec.Write(membership, bytes.Span);
                payload = bytes;
            }

            _one[0] = StoredEntry.Born(own.Id, own.Membership is null ? EntryKind.NoOp : EntryKind.Membership, payload);
            _tail.Append(_one, block);
        }

        _one[0] = default;
    }

    private void Persist(in PersistOrder order, Ready ready)
    {
        LogWrite write = RentWrite();
        write.Fill(_id, order, ready.PersistRuns, this);
        if (_isLossKnown && !_core.IsRepairing)
        {
            write.ForgetsLoss = true;
            _isLossKnown = false;
        }

        Hand(write, order.Receipt);
    }

    private void Hand(LogWrite write, PersistReceipt? receipt)
    {
        _writeNumber++;
        _writes.Enqueue((write, receipt));

        // On a full disk too: the log knows what has to wait, and what may go ahead and frees it.
        _unanswered++;
        _services.Queue.Submit(write, this);
    }

    private LogWrite RentWrite() => _freeWrites.TryPop(out LogWrite? write) ? write : new LogWrite();

    private void TakeReceipts(Instant now)
    {
        foreach ((LogWrite write, Exception? failure, bool isNoSpace) in _inputs.Written)
        {
            _unanswered--;
            if (failure is not null)
            {
                Invariant.Check(failure is StorageFailedException, failure.Message, _id);
                FailDisk((StorageFailedException)failure, now);
                return;
            }

            if (isNoSpace)
            {
                // What was handed over behind it is answered in the same way; all of it goes again, in order.
                _retryDiskAt = _isDiskFull ? _retryDiskAt : now + DiskRetry;
                _isDiskFull = true;
                NoteDisk(isFull: true);
                continue;
            }

            NoteDisk(_isDiskFull);
            if (ReferenceEquals(_writes.Peek().Write, write))
            {
                EndWrite(now);
            }
            else
            {
                Invariant.Check(_isDiskFull && write is { Start: not null, Count: 0 }, write.Batch, _writes.Peek().Write.Batch);
                _wentAhead.Add(write);
            }

            while (_writes.TryPeek(out (LogWrite Write, PersistReceipt?) next) && _wentAhead.Remove(next.Write))
            {
                EndWrite(now);
            }
        }

        _tail.Settle(_writesDone, _worksDone);
        if (_isDiskFull && now >= _retryDiskAt && _unanswered == 0)
        {
            RetryDisk();
        }
    }

    private void EndWrite(Instant now)
    {
        (LogWrite write, PersistReceipt? receipt) = _writes.Dequeue();
        _writesDone++;
        _freeWrites.Push(write);
        if (receipt is { } persisted)
        {
            _core.Persisted(persisted, now);
        }
    }

    // Only once every write has been answered: one that is still with the log would come to lie behind its successors.
    private void RetryDisk()
    {
        _isDiskFull = false;
        _retryDiskAt = Instant.Never;
        foreach ((LogWrite write, PersistReceipt? _) in _writes)
        {
            if (!_wentAhead.Contains(write))
            {
                _unanswered++;
                _services.Queue.Submit(write, this);
            }
        }
    }

    // The core says one last thing, to hand leadership over, and is silent from then on.
    private void FailDisk(StorageFailedException failure, Instant now)
    {
        if (_diskFailure is not null)
        {
            return;
        }

        _diskFailure = failure;
        _core.StorageFailed(now);
        EndAllWrites(
            appended: write => new UnknownOutcomeException($"The log of this node failed before the command was known to be committed. {failure.Message}", write.Id),
            other: _ => new RejectedException(RejectReason.Stopping, $"The log of this node has failed. {failure.Message}"));
        _services.Failure.ReportStorage(failure);
    }
}
