namespace Graft;

/// <summary>State machines that are programs of their own, in any language (docs/internals/external-machines.md).</summary>
/// <remarks>
/// A program has to be as deterministic as any state machine: the same commands in the same order, the same state and the same
/// answers, on every node. Callers read answers with <see cref="ExternalAnswer.Read"/>. A program that can't be started, ends, or breaks its contract
/// halts its group on this node (<see cref="ApplyHaltedException"/>): whether it carried out what it was told last isn't known.
/// </remarks>
public static class ExternalStateMachine
{
    /// <summary>A program that is run once for each command and each query, with one argument: a JSON object of <c>id</c>, <c>data</c> and <c>type</c>.</summary>
    /// <remarks>
    /// It keeps its state itself and takes no snapshots: the log is never cut, and each start of the node begins with <c>type</c> 1, which has to
    /// leave an empty state, and applies the whole log again. A command or query that isn't UTF-8, or has more than 120,000 bytes as a string in JSON, is
    /// refused with status 1.
    /// </remarks>
    /// <param name="path">The program. It isn't looked for before its group starts.</param>
    /// <param name="options">How it's run; the defaults if left out.</param>
    /// <exception cref="ArgumentException">The path is empty, or an option out of range.</exception>
    public static IStateMachine Once(string path, ExternalOptions? options = null)
    {
        ExternalOptions valid = Check(path, options);
        return new OnceMachine(new ProcessHost(path, valid), valid);
    }

    /// <summary>A program that runs as long as the node does and is spoken to in lines of JSON, over its standard input and output.</summary>
    /// <remarks>It says in its hello whether it takes snapshots and has digests. When the node stops, its input ends, and it's killed after five seconds.</remarks>
    /// <param name="path">The program. It isn't looked for before its group starts.</param>
    /// <param name="options">How it's run; the defaults if left out.</param>
    /// <exception cref="ArgumentException">The path is empty, or an option out of range.</exception>
    public static IStateMachine LongLived(string path, ExternalOptions? options = null) => new LongLivedMachine(new ProcessHost(path, Check(path, options)));

    private static ExternalOptions Check(string path, ExternalOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new ExternalOptions();
        options.Validate();
        return options;
    }
}
