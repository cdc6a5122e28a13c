namespace Graft.Network;

internal sealed class MemoryListener(MemoryNetwork network, NodeAddress address) : IListener
{
    private readonly Lock _gate = new();
    private readonly AsyncSignal _signal = new();
    private readonly Queue<IConnection> _waiting = [];
    private bool _isClosed;

    public NodeAddress Address => address;

    public async ValueTask<IConnection?> AcceptAsync(CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(static signal => ((AsyncSignal)signal!).Set(), _signal);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            lock (_gate)
            {
                if (_isClosed)
                {
                    return null;
                }

                if (_waiting.TryDequeue(out IConnection? connection))
                {
                    return connection;
                }
            }

            await _signal.WaitAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        IConnection[] unheard;
        lock (_gate)
        {
            _isClosed = true;
            unheard = [.. _waiting];
            _waiting.Clear();
        }

        network.Remove(this);
        foreach (IConnection connection in unheard)
        {
            connection.Abort();
        }

        _signal.Set();
        return ValueTask.CompletedTask;
    }

    internal void Offer(IConnection connection)
    {
        lock (_gate)
        {
            _waiting.Enqueue(connection);
        }

        _signal.Set();
    }
}
