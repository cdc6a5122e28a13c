using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Graft;

/// <summary>A replicated state machine of the application's own type, as the application uses it.</summary>
/// <remarks>Made by <c>AddGraft</c>; usable once the host has started. Any thread.</remarks>
/// <typeparam name="TMachine">The state machine.</typeparam>
/// <typeparam name="TCommand">What is replicated.</typeparam>
/// <typeparam name="TResult">What it answers.</typeparam>
public sealed class RaftNode<TMachine, TCommand, TResult>
    where TMachine : class, IStateMachine<TCommand, TResult>
{
    private readonly JsonTypeInfo<TCommand> _commands;
    private readonly JsonTypeInfo<TResult> _results;
    private GraftNode? _node;

    internal RaftNode(JsonTypeInfo<TCommand> commands, JsonTypeInfo<TResult> results) => (_commands, _results) = (commands, results);

    /// <summary>The node, for everything that has no types: members, leadership, status.</summary>
    /// <exception cref="InvalidOperationException">The host hasn't started it yet.</exception>
    public GraftNode Node => _node ?? throw new InvalidOperationException("The node isn't started yet: the host starts it.");

    /// <summary>The group that the machine belongs to.</summary>
    /// <exception cref="InvalidOperationException">The host hasn't started the node yet.</exception>
    public GraftGroup Group => Node.Group();

    /// <summary>Cancelled as soon as this node ceases to lead; already cancelled if it doesn't.</summary>
    /// <inheritdoc cref="GraftGroup.Leadership" path="/remarks"/>
    /// <exception cref="InvalidOperationException">The host hasn't started the node yet.</exception>
    public CancellationToken Leadership => Group.Leadership;

    /// <summary>Replicates a command and returns what the state machine answered.</summary>
    /// <param name="command">The command; it's written as JSON before the call returns.</param>
    /// <param name="cancellation">Stops the wait, not the command: what becomes of it isn't known then.</param>
    /// <exception cref="RejectedException">Nothing happened, and nothing will. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="UnknownOutcomeException">
    /// It may or may not take effect: its leader was lost on the way. Ask <see cref="GraftGroup.ResolveAsync"/>; send it again only if
    /// it's idempotent.
    /// </exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the command isn't known.</exception>
    /// <exception cref="JsonException">
    /// The command can't be written, and nothing happened; or it is committed, and its answer can't be read as <typeparamref name="TResult"/>: the nodes'
    /// state machine doesn't know the command, perhaps, and did nothing.
    /// </exception>
    /// <exception cref="InvalidOperationException">The host hasn't started the node yet. Nothing happened.</exception>
    public async ValueTask<TResult> ProposeAsync(TCommand command, CancellationToken cancellation = default)
    {
        WriteResult written = await Group.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(command, _commands), default, cancellation);
        return JsonSerializer.Deserialize(written.Answer.Span, _results)!;
    }

    /// <summary>Reads from this node's state machine, once it is as fresh as asked for.</summary>
    /// <param name="read">Called while no command is applied; changes nothing, and is quick. What it returns has to be a copy.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <typeparam name="T">What is read.</typeparam>
    /// <returns>What <paramref name="read"/> returned.</returns>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time: no quorum, or too far behind; or the state machine has stopped.</exception>
    /// <exception cref="QueryFailedException"><paramref name="read"/> threw; the state machine goes on.</exception>
    /// <exception cref="RejectedException">The node has stopped, or (<see cref="OverloadedException"/>) as many reads wait as may.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="InvalidOperationException">The host hasn't started the node yet.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<TMachine, T> read, ReadConsistency consistency = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        T answer = default!;
        await Group.VisitAsync(
            machine => answer = read((TMachine)((TypedStateMachine<TCommand, TResult>)machine).Machine), consistency, default, cancellation);
        return answer;
    }

    internal void Use(GraftNode node) => _node = node;
}
