using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A snapshot on its way here: from whoever holds it, into the store, resumed where it broke off.</summary>
internal sealed class SnapshotDownload : ISnapshotSink, IDisposable
{
    private const int AttemptsMax = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly GroupActor _group;
    private readonly Snapshot _snapshot;
    private readonly SnapshotStore _store;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Lock _gate = new();
    private SnapshotReceiver? _receiver;
    private bool _isEnded;

    internal SnapshotDownload(GroupActor group, Snapshot snapshot, SnapshotStore store) => (_group, _snapshot, _store) = (group, snapshot, store);

    internal EntryId Last => _snapshot.Last;

    /// <summary>How much of the file is here.</summary>
    public long ResumeOffset => _receiver?.ResumeOffset ?? 0;

    public bool Begin(long totalBytes, uint checksum)
    {
        if (_receiver is { } begun && begun.TotalBytes == totalBytes)
        {
            return true;
        }

        _receiver?.Abandon();
        _receiver = _store.OpenReceive(_group.Id, _snapshot with { Bytes = totalBytes });

        // What an earlier life of this node has left of it is asked for by the next attempt, which knows the offset.
        return _receiver.ResumeOffset == 0;
    }

    public bool Write(long offset, ReadOnlySpan<byte> bytes)
    {
        SnapshotReceipt receipt = _receiver!.Write(offset, bytes);
        _group.SnapshotProgress(Last, receipt.ResumeOffset);
        return receipt.IsAccepted;
    }

    /// <summary>Fetches until it's whole, or doesn't come.</summary>
    internal async Task RunAsync(SnapshotFetcher fetcher, Func<NodeAddress?> address, NodeId from, TimeProvider time)
    {
        try
        {
            for (int attempt = 0; attempt < AttemptsMax; attempt++)
            {
                if (address() is { } known)
                {
                    SnapshotFetch fetch = await fetcher.FetchAsync(known, from, _group.Id, Last, this, _abandoned.Token);
                    if (fetch.Outcome == SnapshotFetchOutcome.Complete)
                    {
                        _receiver!.Complete();
                        _group.SnapshotFetched(Last);
                        return;
                    }

                    if (fetch.Outcome == SnapshotFetchOutcome.Refused)
                    {
                        break;
                    }
                }

                await Task.Delay(Pause, time, _abandoned.Token);
            }

            _group.SnapshotFetchFailed(Last);
        }
        catch (OperationCanceledException)
        {
            // The core has abandoned it, and expects no answer.
        }
        catch (SnapshotException unfit)
        {
            _group.SnapshotFetchFailed(Last);
            _group.Note($"The snapshot {Last} couldn't be received: {unfit.Message}");
        }
        catch (StorageFailedException failure)
        {
            _group.StorageFailed(failure);
        }
#pragma warning disable CA1031 // Nobody awaits it but the next download and the end of the node: the core has to hear of it instead.
        catch (Exception other)
#pragma warning restore CA1031
        {
            _group.SnapshotFetchFailed(Last);
            _group.Note($"The snapshot {Last} couldn't be fetched: {other.Message}");
        }
    }

    /// <summary>Ends it, if it hasn't ended: whoever abandons it can't know.</summary>
    internal void Abandon()
    {
        lock (_gate)
        {
            if (!_isEnded)
            {
                _abandoned.Cancel();
            }
        }
    }

    public void Dispose()
    {
        _receiver?.Dispose();
        lock (_gate)
        {
            _isEnded = true;
            _abandoned.Dispose();
        }
    }
}
