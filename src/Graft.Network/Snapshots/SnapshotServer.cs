using System.Buffers;
using System.IO.Pipelines;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The accepting side of a snapshot connection: answers one fetch after the other.</summary>
internal sealed class SnapshotServer(Endpoint endpoint, IConnection connection, Hello hello)
{
    // What shows that a chunk goes out, on a line that takes longer for a whole one than anybody's patience.
    private const int SliceBytes = 16 << 10;

    private readonly EndpointOptions _options = endpoint.Options;

    /// <returns>Why it ended, or null if the receiver closed it in order.</returns>
    internal async Task<string?> RunAsync(FrameReader reader)
    {
        using var watch = new ConnectionWatch(endpoint.Time, connection, _options.SnapshotPatience);
        string? error = null;
        try
        {
            while (error is null && await reader.MoveNextAsync())
            {
                watch.Touch();
                error = reader.Header.Type == FrameType.Fetch
                    && SnapshotCodec.TryReadFetch(reader.Body.ToArray(), out GroupId group, out EntryId last, out long offset)
                    ? await AnswerAsync(group, last, offset, watch, endpoint.Stopping)
                    : "It sent something else than a fetch on a snapshot connection.";
            }
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            error = exception.Message;
        }

        return watch.HasExpired ? $"It took nothing for {_options.SnapshotPatience.TotalSeconds:0.###} s." : error ?? reader.Error;
    }

    private async Task<string?> AnswerAsync(GroupId group, EntryId last, long offset, ConnectionWatch watch, CancellationToken cancellation)
    {
        if (!endpoint.Snapshots.TryEnter())
        {
            await RefuseAsync(SnapshotRefusal.Busy, $"{_options.SnapshotsMax} snapshots are being sent.");
            return null;
        }

        try
        {
            using ISnapshotSource? source = endpoint.Host.FindSnapshot(group, last, hello.Node!.Value);
            if (source is null)
            {
                await RefuseAsync(SnapshotRefusal.NotHere, $"There is no snapshot of {group} that ends at {last}.");
            }
            else if (offset > source.TotalBytes)
            {
                await RefuseAsync(SnapshotRefusal.BehindEnd, $"The snapshot has {source.TotalBytes} bytes; offset {offset} lies behind them.");
            }
            else
            {
                return await SendAsync(source, offset, watch, cancellation);
            }

            return null;
        }
        finally
        {
            endpoint.Snapshots.Leave();
        }
    }

    private async Task<string?> SendAsync(ISnapshotSource source, long offset, ConnectionWatch watch, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FrameHeader.Size + SnapshotCodec.ChunkHeadBytes + Math.Max(_options.SnapshotChunkBytes, SnapshotCodec.HeaderBytes));
        try
        {
            Memory<byte> body = buffer.AsMemory(FrameHeader.Size);
            SnapshotCodec.WriteHeader(body.Span, source.TotalBytes, source.Checksum);
            await WriteAsync(FrameType.SnapshotHeader, buffer, SnapshotCodec.HeaderBytes, watch);
            while (offset < source.TotalBytes)
            {
                int wanted = (int)Math.Min(_options.SnapshotChunkBytes, source.TotalBytes - offset);
                TimeSpan pause = endpoint.Snapshots.Book(wanted);
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, endpoint.Time, cancellation);
                    watch.Touch();
                }

                int read = await ReadAsync(source, offset, body.Slice(SnapshotCodec.ChunkHeadBytes, wanted), cancellation);
                if (read != wanted)
                {
                    await RefuseAsync(SnapshotRefusal.Unreadable, $"The snapshot can't be read at {offset}.");
                    return $"A snapshot could not be read at {offset}.";
                }

                System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(body.Span, offset);
                await WriteAsync(FrameType.Chunk, buffer, SnapshotCodec.ChunkHeadBytes + read, watch);
                offset += read;
            }

            await WriteAsync(FrameType.SnapshotEnd, buffer, 0, watch);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<int> ReadAsync(ISnapshotSource source, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await source.ReadAsync(offset, buffer, cancellation);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // The frame's buffer, with the body behind the room for a header.
    private async ValueTask WriteAsync(FrameType type, Memory<byte> buffer, int length, ConnectionWatch watch)
    {
        ReadOnlyMemory<byte> frame = buffer[..(FrameHeader.Size + length)];
        FrameHeader.Write(buffer.Span, type, length, 0);
        FrameHeader.Seal(buffer.Span[..frame.Length]);
        while (!frame.IsEmpty)
        {
            ReadOnlyMemory<byte> slice = frame[..Math.Min(frame.Length, SliceBytes)];
            FlushResult result = await connection.Output.WriteAsync(slice, CancellationToken.None);
            watch.Touch();
            if (result.IsCompleted)
            {
                throw new IOException("The receiver has closed the connection.");
            }

            frame = frame[slice.Length..];
        }
    }

    private async Task RefuseAsync(SnapshotRefusal refusal, string text)
    {
        endpoint.Host.Happened(new NetworkEvent(NetworkEventKind.SnapshotBroken, connection.RemoteName, hello.Node, text));
        byte[] body = new byte[WireLimits.HelloBytesMax];
        await Dialer.WriteFrameAsync(connection.Output, FrameType.FetchRefused, 0, body.AsMemory(0, SnapshotCodec.WriteRefusal(body, refusal, text)));
    }
}
