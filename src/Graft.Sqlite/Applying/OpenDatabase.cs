namespace Graft.Sqlite;

/// <summary>A generation that is open: who writes it, and who reads it.</summary>
internal sealed class OpenDatabase : IDisposable
{
    private bool _disposed;

    internal OpenDatabase(WriterSession session, Agreement agreement, LoadDesk loads, ReaderPool readers)
    {
        (Session, Batch, Readers) = (session, new BatchTransaction(session, agreement, loads), readers);
        agreement.Read(session.Connection);
    }

    internal WriterSession Session { get; }

    internal BatchTransaction Batch { get; }

    internal ReaderPool Readers { get; }

    /// <summary>Closes it. What isn't committed is forgotten; who reads goes on, and closes behind.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Readers.Retire();
            Batch.Dispose();
            Session.Dispose();
        }
    }
}
