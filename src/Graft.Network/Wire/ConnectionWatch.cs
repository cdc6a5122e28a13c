namespace Graft.Network;

/// <summary>Aborts a connection that makes no progress.</summary>
/// <remarks>Looks four times in its patience, so it acts after one to one and a quarter of it.</remarks>
internal sealed class ConnectionWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly IConnection _connection;
    private readonly TimeSpan _patience;
    private readonly Outbox? _outbox;
    private readonly ITimer _timer;
    private long _heard;

    /// <param name="time">The clock.</param>
    /// <param name="connection">What is aborted.</param>
    /// <param name="patience">How long nothing may be heard.</param>
    /// <param name="outbox">If given: one write of it may not take longer either.</param>
    internal ConnectionWatch(TimeProvider time, IConnection connection, TimeSpan patience, Outbox? outbox = null)
    {
        (_time, _connection, _patience, _outbox, _heard) = (time, connection, patience, outbox, time.GetTimestamp());
        _timer = time.CreateTimer(static watch => ((ConnectionWatch)watch!).Look(), this, patience / 4, patience / 4);
    }

    /// <summary>Whether it was this that ended the connection.</summary>
    internal bool HasExpired { get; private set; }

    /// <summary>Something was heard.</summary>
    internal void Touch() => Volatile.Write(ref _heard, _time.GetTimestamp());

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _heard)) >= _patience || _outbox?.IsStuck(_patience) == true)
        {
            HasExpired = true;
            _connection.Abort();
        }
    }
}
