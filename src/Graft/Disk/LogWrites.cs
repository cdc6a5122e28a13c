using Graft.Storage;

namespace Graft;

/// <summary>Writes to a log that nobody else writes to: before a node is up, and in its absence.</summary>
internal static class LogWrites
{
    /// <summary>Writes and flushes.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    internal static void MakeDurable(this WriteAheadLog log, LogWrite write) => log.MakeDurable([write]);

    /// <summary>Writes all of them as one batch, by one flush: all or nothing, unless they are larger than a batch.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    internal static void MakeDurable(this WriteAheadLog log, IReadOnlyCollection<LogWrite> writes)
    {
        foreach (LogWrite write in writes)
        {
            StageOutcome outcome = log.Stage(write);
            while (outcome == StageOutcome.BatchFull)
            {
                log.Write();
                log.Flush();
                outcome = log.Stage(write);
            }

            if (outcome == StageOutcome.NoSpace)
            {
                throw new IOException("The disk is full. Free some space and start the node again; nothing is lost.");
            }
        }

        if (log.HasStaged)
        {
            log.Write();
            log.Flush();
        }
    }
}
