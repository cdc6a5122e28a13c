namespace Graft.Network;

/// <summary>An accepted connection and the loop that serves it.</summary>
/// <param name="number">The order in which they came.</param>
/// <param name="connection">The connection.</param>
internal sealed class Served(ulong number, IConnection connection)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ulong Number { get; } = number;

    internal IConnection Connection { get; } = connection;

    /// <summary>Ends when the connection has been served, as its loop did. There before the loop is: whoever disposes in between waits too.</summary>
    internal Task Task => _ended.Task;

    /// <summary>Which of the places it has.</summary>
    internal Place Place { get; set; } = Place.Unheard;

    /// <summary>It was closed before its hello, in favour of another.</summary>
    internal bool IsDisplaced { get; set; }

    /// <summary>What takes its messages in, of a peer's connection that was admitted.</summary>
    internal PeerReceiver? Receiver { get; set; }

    /// <summary>What it said of itself, with the names that its certificate proves; set before it is judged.</summary>
    internal (Hello Hello, IReadOnlyList<string> Names)? Said { get; set; }

    /// <summary>The host wouldn't let it in any more.</summary>
    internal bool IsExpelled { get; set; }

    internal async Task RunAsync(Func<Served, Task> serve)
    {
        try
        {
            await serve(this);
            _ended.SetResult();
        }
        catch (Exception exception)
        {
            _ended.SetException(exception);
            throw;
        }
    }
}
