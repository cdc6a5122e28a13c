namespace Graft.Cli;

/// <summary>Gives a command its action, with the flags that all have read already.</summary>
internal sealed class VerbBuilder(Globals globals, Terminal terminal)
{
    internal GraftVerb With(GraftVerb verb, Func<Invocation, CancellationToken, Task<int>> run)
    {
        verb.SetAction((parsed, cancellation) => run(new Invocation(parsed, globals, terminal), cancellation));
        return verb;
    }

    /// <summary>A command that asks the cluster.</summary>
    internal GraftVerb Calling(GraftVerb verb, Func<Invocation, Connection, CancellationToken, Task<int>> run) =>
        With(verb, async (invocation, cancellation) =>
        {
            await using var connection = new Connection(invocation);
            return await run(invocation, connection, cancellation);
        });
}
