using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>Snapshots: taken here, or fetched from another node.</content>
internal sealed partial class GroupActor
{
    // Whoever asks for a snapshot wants what was applied by then to be in it.
    private readonly List<(LogIndex Applied, TaskCompletionSource<EntryId> Done)> _snapshotWaiters = [];
    // A disk that rots on would have snapshots written without end.
    private static readonly TimeSpan RetakePause = TimeSpan.FromMinutes(1);

    private Instant _retakeAt;
    private long _appliedBytes;
    private long _snapshotBytes;
    private Task _writingSnapshot = Task.CompletedTask;
    private CancellationTokenSource? _writing;
    private bool _isSnapshotUnderWay;
    private bool _isLossKnown;
    private EntryId _installing;

    // The snapshot that this node started with.
    private readonly EntryId _stored;

    // The newest snapshot would let the log go up to here.
    private LogIndex _compactable;

    void IApplierHost.Captured(CapturedState captured) => Tell(now => SaveSnapshot(captured, now), captured.Image.Dispose);

    void IApplierHost.CaptureRefused(NotSupportedException refusal) => Tell(_ =>
    {
        // The log is all that there is then, and stays. Asked again once as much has come as before.
        _appliedBytes = 0;
        EndSnapshot(EntryId.Zero, refusal);
    });

    void IApplierHost.Restored(EntryId snapshot, StatePosition position) => Tell(_ => OnRestored(snapshot, position));

    /// <summary>Takes a snapshot of what is applied now.</summary>
    internal Task<EntryId> TakeSnapshotAsync() => AskAsync<EntryId>((done, _) =>
    {
        if (_halted is { } halted)
        {
            done.SetException(halted);
        }
        else if (_diskFailure is { } failure)
        {
            done.SetException(new RejectedException(RejectReason.Stopping, $"The log of this node has failed. {failure.Message}"));
        }
        else
        {
            // If it can't be begun yet, because a state is being opened or restored, it is when that has ended.
            _snapshotWaiters.Add((_applied, done));
            BeginSnapshot();
        }
    });

    /// <summary>The snapshot that was to be fetched has come, whole, verified and durable.</summary>
    internal void SnapshotFetched(EntryId last) => Tell(now => _core.SnapshotReceived(last, now));

    internal void StorageFailed(StorageFailedException failure) => Tell(now => FailDisk(failure, now));

    /// <summary>Something that whoever operates the node may want to know.</summary>
    internal void Note(string text) => _services.Failure.Note(_id, text);

    internal void SnapshotFetchFailed(EntryId last) => Tell(now => _core.SnapshotFailed(last, now));

    internal void SnapshotProgress(EntryId last, long bytes) => Tell(now => _core.SnapshotProgress(last, bytes, now));

    /// <summary>The newest snapshot was wanted and can't be read: another one takes its place, or it would be offered for ever.</summary>
    internal void SnapshotBroken() => Tell(now =>
    {
        if (now >= _retakeAt)
        {
            _retakeAt = now + RetakePause;
            BeginSnapshot();
        }
    });

    // As large as the state, or several times so: then what is written for snapshots stays a fraction of what is written anyway.
    private void ConsiderSnapshot()
    {
        if (_appliedBytes >= Math.Max(_settings.SnapshotLogBytes, _snapshotBytes * _settings.SnapshotRatio))
        {
            BeginSnapshot();
        }
    }

    private void BeginSnapshot()
    {
        if (!_isSnapshotUnderWay && _halted is null && !_isRestoring && _diskFailure is null)
        {
            _isSnapshotUnderWay = true;
            _applier.Capture(_view.IsWitness);
        }
    }

    private void SaveSnapshot(CapturedState captured, Instant now)
    {
        Reach(captured.Position);
        CompactBehindState(now);
        EntryId last = captured.Position.Applied;
        if (last == EntryId.Zero || !_core.Log.Contains(last) || last == _core.Log.Base)
        {
            // Nothing is applied that the newest snapshot lacks.
            captured.Image.Dispose();
            EndSnapshot(last, null);
            return;
        }

        Membership membership = _core.MembershipAt(last.Index, out LogIndex appendedAt);
        var snapshot = new Snapshot(last, membership, appendedAt);
        _appliedBytes = 0;
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _writingSnapshot = written.Task;
        var writing = new CancellationTokenSource();
        Volatile.Write(ref _writing, writing);
        _services.SnapshotLane.Post(() => _ = WriteSnapshotAsync(snapshot, captured, writing, written));
    }

    private async Task WriteSnapshotAsync(Snapshot snapshot, CapturedState captured, CancellationTokenSource writing, TaskCompletionSource ended)
    {
        try
        {
            using (captured.Image)
            {
                using SnapshotWriter writer = _services.Snapshots.Create(_id, snapshot);
                writer.Write(captured.Head.Span);
                using (var content = new SnapshotContentWriter(writer))
                {
                    await captured.Image.WriteAsync(content, writing.Token);
                }

                // An image that doesn't heed its token comes here when the directory may be another process's.
                writing.Token.ThrowIfCancellationRequested();

                // Told first: one that is there is there, whatever becomes of the older ones.
                Snapshot written = writer.Complete();
                Tell(now => OnSnapshotWritten(written, now));
            }

            Prune();
        }
        catch (StorageFailedException failure)
        {
            Tell(now => FailDisk(failure, now));
        }
        catch (Exception failure) when (failure is not InvariantViolationException)
        {
            // A full disk, or a state machine that can't write itself down: the log stays, and the next trigger tries again.
            Tell(_ => EndSnapshot(snapshot.Last, failure));
        }
        finally
        {
            lock (_gate)
            {
                // The next one may have begun while this one looked through the older ones.
                _writing = ReferenceEquals(_writing, writing) ? null : _writing;
                writing.Dispose();
            }

            ended.SetResult();
        }
    }

    private void Prune()
    {
        try
        {
            List<SnapshotWarning> warnings = [];
            _services.Snapshots.Prune(_id, _settings.SnapshotsKept, warnings);
            foreach (SnapshotWarning warning in warnings)
            {
                Note(warning.ToString());
            }
        }
        catch (DiskException failure)
        {
            Note($"Older snapshots couldn't be looked through, and stay. {failure.Message}");
        }
    }

    private void OnSnapshotWritten(Snapshot snapshot, Instant now)
    {
        _snapshotBytes = snapshot.Bytes;
        NoteTaken(snapshot);
        if (_core.Log.Contains(snapshot.Last))
        {
            _core.SnapshotTaken(snapshot, now);
            if (snapshot.Last.Index.Value > _settings.TrailingEntries)
            {
                _compactable = new LogIndex(snapshot.Last.Index.Value - _settings.TrailingEntries);
                CompactBehindState(now);
            }
        }

        EndSnapshot(snapshot.Last, null);
    }

    // A snapshot alone would do to start from. But it's read and written as a whole then, where a few entries would have done.
    private void CompactBehindState(Instant now)
    {
        LogIndex wanted = LogIndex.Min(_compactable, _stateDurable);
        if (wanted > _core.Log.Base.Index)
        {
            CompactTo(wanted, now);
        }
    }

    private void CompactTo(LogIndex wanted, Instant now)
    {
        LogIndex before = _core.Log.Base.Index;
        LogIndex start = _core.Compact(_services.Log.CompactableTo(_id, wanted), now);
        if (start > before)
        {
            Membership membership = _core.MembershipAt(start, out LogIndex appendedAt);
            LogWrite write = RentWrite();
            write.Begin(_id);
            write.Start = LogStart.Of(_core.Log.Base, appendedAt, membership);
            Hand(write, null);
        }
    }

    private void EndSnapshot(EntryId last, Exception? failure)
    {
        _isSnapshotUnderWay = false;
        if (failure is not null)
        {
            RefuseSnapshots(failure);
            return;
        }

        _snapshotWaiters.RemoveAll(waiter => waiter.Applied <= last.Index && waiter.Done.TrySetResult(last));
        if (_snapshotWaiters.Count > 0)
        {
            // They came when this one's state had been captured.
            BeginSnapshot();
        }
    }

    private void RefuseSnapshots(Exception why)
    {
        foreach ((LogIndex _, TaskCompletionSource<EntryId> waiter) in _snapshotWaiters)
        {
            waiter.TrySetException(why);
        }

        _snapshotWaiters.Clear();
    }

    private void BeginSnapshotIfWanted()
    {
        if (_snapshotWaiters.Count > 0)
        {
            BeginSnapshot();
        }
    }

    private void FollowSnapshots(Ready ready)
    {
        if (ready.SnapshotToAbandon is { } abandoned)
        {
            _services.Peers.AbandonSnapshot(_id, abandoned);
        }

        if (ready.SnapshotToReceive is { } wanted)
        {
            _services.Peers.FetchSnapshot(this, wanted, ready.SnapshotFrom!.Value);
        }

        if (ready.Persist is { Install: { } installed } && installed.Last.Index > _submitted)
        {
            FollowLog();
            RestoreFrom(installed.Last);
        }
    }

    private void RestoreFrom(EntryId snapshot)
    {
        _submitted = snapshot.Index;
        _isRestoring = true;
        _installing = snapshot;
        _services.Lane.Post(() => Open(snapshot));
    }

    private void Open(EntryId last)
    {
        var content = new SnapshotContentReader(_services.Snapshots.Open(_id, last));
        _applier.Submit(new RestoreRequest(last, content, View.IsWitness));
    }

    private void OnRestored(EntryId snapshot, StatePosition position)
    {
        Reach(position);
        if (_installing != EntryId.Zero && snapshot != _installing)
        {
            // A newer one has been installed meanwhile, and is on its way.
            return;
        }

        NoteInstalled(snapshot);
        _isRestoring = false;
        _submitted = LogIndex.Max(_submitted, _applied);
        DecideWithoutLog(_applied);
        ReleaseReads();
        BeginSnapshotIfWanted();
    }
}
