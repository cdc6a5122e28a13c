namespace Graft;

/// <summary>A program that runs. Disposed, its input ends, and it's killed if it doesn't end then.</summary>
internal interface IProgram : IAsyncDisposable
{
    /// <summary>Writes to its input. Lines end with a line feed.</summary>
    /// <exception cref="ExternalProgramException">It doesn't read any more.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> lines);

    /// <summary>The next line of its output, without its end; valid until the next call.</summary>
    /// <param name="cancellation">Waits no longer. The line may come yet, and is the next one then.</param>
    /// <exception cref="ExternalProgramException">There is none in time (<see cref="ExternalProgramException.IsLate"/>), none any more, or it's too long.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellation);

    /// <summary>Ends it by force, from any thread.</summary>
    void Kill();
}
