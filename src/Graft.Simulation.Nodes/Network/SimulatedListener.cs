using Graft.Network;

namespace Graft.Simulation.Nodes;

internal sealed class SimulatedListener(SimulatedNetwork network, NodeAddress address) : IListener
{
    private readonly Queue<SimulatedConnection> _waiting = [];
    private TaskCompletionSource? _wanted;
    private bool _isClosed;

    public NodeAddress Address => address;

    public async ValueTask<IConnection?> AcceptAsync(CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(static listener => ((SimulatedListener)listener!).Wake(), this);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_isClosed)
            {
                return null;
            }

            if (_waiting.TryDequeue(out SimulatedConnection? connection))
            {
                return connection;
            }

            _wanted = new TaskCompletionSource();
            await _wanted.Task;
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        while (_waiting.TryDequeue(out SimulatedConnection? unheard))
        {
            unheard.Abort();
        }

        return ValueTask.CompletedTask;
    }

    internal void Close()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            network.Remove(this);
            Wake();
        }
    }

    internal void Offer(SimulatedConnection connection)
    {
        _waiting.Enqueue(connection);
        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource? wanted = _wanted;
        _wanted = null;
        wanted?.TrySetResult();
    }
}
