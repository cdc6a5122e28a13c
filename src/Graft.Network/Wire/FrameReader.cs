using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Graft.Consensus;
using ReadResult = System.IO.Pipelines.ReadResult;

namespace Graft.Network;

/// <summary>Takes a connection's bytes apart into verified frames.</summary>
/// <remarks>
/// A frame is believed when its header has its checksum, its type is known, its length is within the limit of the type, and its
/// body has its checksum; whatever isn't so ends the connection. Nothing is allocated by the word of a header: the bytes stay in the
/// pipe until the last has come.
/// </remarks>
internal sealed class FrameReader
{
    private readonly PipeReader _input;
    private ReadOnlySequence<byte> _rest;
    private bool _hasRead;
    private bool _isCompleted;

    internal FrameReader(PipeReader input) => _input = input;

    /// <summary>The frame that <see cref="MoveNextAsync"/> has found.</summary>
    internal FrameHeader Header { get; private set; }

    /// <summary>Its body. Gone with the next <see cref="MoveNextAsync"/>.</summary>
    internal ReadOnlySequence<byte> Body { get; private set; }

    /// <summary>Told of every read that brought bytes: a long frame on a slow line is progress long before it's whole.</summary>
    internal Action? OnBytes { get; set; }

    /// <summary>Why there is no next frame: a sentence, or null if the other side ended between two frames.</summary>
    internal string? Error { get; private set; }

    /// <summary>Waits for the next frame.</summary>
    /// <returns>False at the end, and after whatever ended it: see <see cref="Error"/>. Throws nothing that a peer can cause.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> MoveNextAsync()
    {
        while (Error is null)
        {
            if (TryTake())
            {
                return true;
            }

            if (Error is not null || !await ReadMoreAsync())
            {
                break;
            }
        }

        if (Error is null && !_rest.IsEmpty)
        {
            Error = "The connection ended in the middle of a frame.";
        }

        return false;
    }

    /// <summary>Reads the first bytes of a connection.</summary>
    /// <returns>Null if they aren't ours, or the connection ended before them.</returns>
    internal async ValueTask<ConnectionKind?> ReadPreambleAsync()
    {
        while (_rest.Length < Preamble.Size)
        {
            if (!await ReadMoreAsync())
            {
                return null;
            }
        }

        bool isOurs = TryReadPreamble(out ConnectionKind kind);
        _rest = _rest.Slice(Preamble.Size);
        return isOurs ? kind : null;
    }

    private bool TryReadPreamble(out ConnectionKind kind)
    {
        Span<byte> bytes = stackalloc byte[Preamble.Size];
        _rest.Slice(0, Preamble.Size).CopyTo(bytes);
        return Preamble.TryRead(bytes, out kind);
    }

    private bool TryTake()
    {
        if (_rest.Length < FrameHeader.Size)
        {
            return false;
        }

        if (!TryReadHeader(out FrameHeader header, out string error))
        {
            Error = error;
            return false;
        }

        if (_rest.Length < FrameHeader.Size + header.Length)
        {
            return false;
        }

        ReadOnlySequence<byte> body = _rest.Slice(FrameHeader.Size, header.Length);
        if (ChecksumOf(body) != header.BodyChecksum)
        {
            Error = $"The body of a frame of type {header.Type} doesn't have its checksum.";
            return false;
        }

        (Header, Body) = (header, body);
        _rest = _rest.Slice(body.End);
        return true;
    }

    private bool TryReadHeader(out FrameHeader header, out string error)
    {
        if (_rest.FirstSpan.Length >= FrameHeader.Size)
        {
            return FrameHeader.TryRead(_rest.FirstSpan, out header, out error);
        }

        Span<byte> bytes = stackalloc byte[FrameHeader.Size];
        _rest.Slice(0, FrameHeader.Size).CopyTo(bytes);
        return FrameHeader.TryRead(bytes, out header, out error);
    }

    private static uint ChecksumOf(in ReadOnlySequence<byte> body)
    {
        uint checksum = 0;
        foreach (ReadOnlyMemory<byte> part in body)
        {
            checksum = Crc32C.Continue(checksum, part.Span);
        }

        return checksum;
    }

    // False if no more bytes come.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadMoreAsync()
    {
        if (_isCompleted)
        {
            return false;
        }

        try
        {
            if (_hasRead)
            {
                _input.AdvanceTo(_rest.Start, _rest.End);
                _hasRead = false;
            }

            long before = _rest.Length;
            ReadResult result = await _input.ReadAsync();
            (_hasRead, _isCompleted, _rest) = (true, result.IsCompleted || result.IsCanceled, result.Buffer);
            bool hasMore = _rest.Length > before;
            if (hasMore)
            {
                OnBytes?.Invoke();
            }

            return !_isCompleted || hasMore;
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            (_isCompleted, _rest) = (true, default);
            Error ??= exception.Message;
            return false;
        }
    }
}
