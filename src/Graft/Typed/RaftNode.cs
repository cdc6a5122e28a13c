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
    public GraftGroup Group => Node.Group();

    /// <summary>Cancelled as soon as this node ceases to lead; already cancelled if it doesn't.</summary>
    public CancellationToken Leadership => Group.Leadership;

    /// <summary>Replicates a command and returns what the state machine answered.</summary>
    /// <remarks>Cancelling stops the wait, not the command: what becomes of it isn't known then.</remarks>
    /// <exception cref="RejectedException">Nothing happened, and nothing will. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="UnknownOutcomeException">
    /// It may or may not take effect: its leader was lost on the way. Ask <see cref="GraftGroup.ResolveAsync"/>; send it again only if
    /// it's idempotent.
    /// </exception>
    public async ValueTask<TResult> ProposeAsync(TCommand command, CancellationToken cancellation = default)
    {
        WriteResult written = await Group.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(command, _commands), default, cancellation);
        return JsonSerializer.Deserialize(written.Answer.Span, _results)!;
    }

    /// <summary>Reads from this node's state machine, once it is as fresh as asked for.</summary>
    /// <param name="read">Called while no command is applied; changes nothing, and is quick. What it returns has to be a copy.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time: no quorum, or too far behind.</exception>
    /// <exception cref="QueryFailedException"><paramref name="read"/> threw.</exception>
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
