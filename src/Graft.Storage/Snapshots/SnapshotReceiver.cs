using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Takes another node's snapshot file, piece by piece, and publishes it once it's whole.</summary>
/// <remarks>
/// <para>Not thread-safe. Only verified units reach the file; see docs/internals/snapshot-format.md, Receipt.</para>
/// <para>Disposed without <see cref="Complete"/>, it leaves what it has to <see cref="SnapshotStore.OpenReceive"/>, which goes on from there.</para>
/// </remarks>
public sealed class SnapshotReceiver : IDisposable
{
    private const int ReadBytes = 64 * 1024;
    private const long Nowhere = -1;

    private readonly SnapshotFile _file;
    private readonly Snapshot _snapshot;
    private readonly SnapshotExpectation _expectation;
    private SnapshotParser _parser;
    private long _refusedAt = Nowhere;

    internal SnapshotReceiver(SnapshotFile file, Snapshot snapshot, SnapshotExpectation expectation)
    {
        (_file, _snapshot, _expectation) = (file, snapshot, expectation);
        _parser = new SnapshotParser(expectation);
    }

    /// <summary>Where the next piece has to begin. After a crash or a reopening: the end of the last chunk that verifies.</summary>
    public long ResumeOffset => _parser.Position;

    /// <summary>How much of the file would survive this process; never more than <see cref="ResumeOffset"/>.</summary>
    public long VerifiedBytes => _parser.VerifiedBytes;

    /// <summary>The announced length of the file.</summary>
    public long TotalBytes => _snapshot.Bytes;

    /// <summary>Whether everything is here and verified; then <see cref="Complete"/> is next.</summary>
    public bool IsWhole => _parser.Footer is not null;

    /// <summary>Takes the next piece of the sender's file.</summary>
    /// <param name="offset">Where in the file it begins; has to be <see cref="ResumeOffset"/>.</param>
    /// <param name="bytes">As many as the sender likes.</param>
    /// <returns>What became of it, and where to go on. A piece that doesn't fit is told here and not thrown.</returns>
    /// <exception cref="SnapshotException"><see cref="SnapshotError.NoSpace"/>; what was received is gone.</exception>
    /// <exception cref="StorageFailedException">Final, now or earlier.</exception>
    /// <exception cref="ObjectDisposedException">It's completed, abandoned, or an earlier call threw.</exception>
    public SnapshotReceipt Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(!_file.IsOpen, this);
        if (offset != ResumeOffset)
        {
            return new SnapshotReceipt(SnapshotReceiptOutcome.WrongOffset, ResumeOffset, null);
        }

        if (bytes.Length > TotalBytes - offset)
        {
            return new SnapshotReceipt(SnapshotReceiptOutcome.BehindEnd, ResumeOffset, null);
        }

        SnapshotFault? fault = Take(bytes);
        if (fault is null)
        {
            return new SnapshotReceipt(SnapshotReceiptOutcome.Accepted, ResumeOffset, null);
        }

        // A unit that fails twice isn't an accident on the way: the sender has another file than the one that was begun.
        if (_refusedAt == VerifiedBytes)
        {
            StartAnew();
        }
        else
        {
            _refusedAt = VerifiedBytes;
        }

        SnapshotReceiptOutcome outcome = fault.Validity switch
        {
            SnapshotValidity.OtherCluster => SnapshotReceiptOutcome.OtherCluster,
            SnapshotValidity.UnknownFormat => SnapshotReceiptOutcome.UnknownFormat,
            _ => SnapshotReceiptOutcome.Damaged,
        };
        return new SnapshotReceipt(outcome, ResumeOffset, fault);
    }

    /// <summary>Makes file and name durable and publishes the snapshot, as <see cref="SnapshotWriter.Complete"/> does.</summary>
    /// <returns>What was announced.</returns>
    /// <exception cref="SnapshotException">
    /// <see cref="SnapshotError.Incomplete"/>: go on at <see cref="ResumeOffset"/>; or <see cref="SnapshotError.NoSpace"/>.
    /// </exception>
    /// <exception cref="StorageFailedException">Final. Whether the snapshot is there is known at the next start.</exception>
    /// <exception cref="ObjectDisposedException">It's completed, abandoned, or an earlier call threw.</exception>
    public Snapshot Complete()
    {
        ObjectDisposedException.ThrowIf(!_file.IsOpen, this);
        if (!IsWhole)
        {
            throw new SnapshotException(
                SnapshotError.Incomplete, _file.Path, $"{ResumeOffset} of {TotalBytes} bytes have been received.");
        }

        _file.Publish();
        _parser.Dispose();
        return _snapshot;
    }

    /// <summary>Gives the receipt up and deletes what was received. Does nothing after <see cref="Complete"/>.</summary>
    public void Abandon()
    {
        _file.Abandon();
        _parser.Dispose();
    }

    /// <summary>Lets go of the file. What was verified stays for the next receipt of the same snapshot.</summary>
    public void Dispose()
    {
        _file.Close();
        _parser.Dispose();
    }

    /// <summary>Takes again what an earlier receipt has left in the file, as if it came from the sender (D5).</summary>
    internal void Resume()
    {
        byte[] buffer = new byte[ReadBytes];
        SnapshotFault? fault = null;
        int read;
        do
        {
            // Units are written back to where they were just read from, hence never ahead of the next read.
            read = TryRead(buffer, ResumeOffset);
            fault = Take(buffer.AsSpan(0, read));
        }
        while (read > 0 && fault is null);

        _parser.DropUnit();
        _file.Cut(VerifiedBytes);
    }

    private SnapshotFault? Take(ReadOnlySpan<byte> bytes)
    {
        while (_parser.TryTake(ref bytes, out SnapshotFault? fault) || fault is not null)
        {
            if (fault is not null)
            {
                return fault;
            }

            if (IsWhole && VerifiedBytes != TotalBytes)
            {
                fault = SnapshotFormat.Damaged(VerifiedBytes, $"a file of {TotalBytes} bytes, as announced", "its end");
                StartAnew();
                return fault;
            }

            _file.Append(_parser.Unit);
            _refusedAt = Nowhere;
        }

        return null;
    }

    private int TryRead(Span<byte> buffer, long offset)
    {
        try
        {
            return _file.Read(buffer, offset);
        }
        catch (DiskException)
        {
            // What can't be read is received once more, and written.
            return 0;
        }
    }

    private void StartAnew()
    {
        _parser.Dispose();
        _parser = new SnapshotParser(_expectation);
        _refusedAt = Nowhere;
        _file.Cut(0);
    }
}
