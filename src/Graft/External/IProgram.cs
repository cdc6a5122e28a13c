namespace Graft;

/// <summary>A program that runs. Disposed, its input ends, and it's killed if it doesn't end then.</summary>
internal interface IProgram : IAsyncDisposable
{
    /// <summary>Writes to its input. Lines end with a line feed.</summary>
    /// <exception cref="ExternalProgramException">It doesn't read any more.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> lines);

    /// <summary>The next line of its output, without its end; valid until the next call.</summary>
    /// <exception cref="ExternalProgramException">There is none in time, none any more, or it's too long.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadLineAsync();
}
