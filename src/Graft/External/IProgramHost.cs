namespace Graft;

/// <summary>Runs one program. What of the machine an external state machine touches lies behind this.</summary>
internal interface IProgramHost
{
    /// <summary>Runs it to its end, with one more argument than it's configured with.</summary>
    /// <param name="argument">That argument.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <exception cref="ExternalProgramException">It couldn't be started, was killed, took too long or said too much.</exception>
    ValueTask<ProgramEnd> RunAsync(string argument, CancellationToken cancellation);

    /// <summary>Starts it, to be spoken to.</summary>
    /// <exception cref="ExternalProgramException">It couldn't be started.</exception>
    IProgram Start();
}
