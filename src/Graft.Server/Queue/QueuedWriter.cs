using Graft.Network;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>Writes what the queue hands over, each once, however often it has to be sent.</summary>
/// <remarks>In a session of the log's: sent again under the same number, a write gets its first answer. One at a time.</remarks>
internal sealed class QueuedWriter(GraftGroup group, ISqlDatabase database)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private ulong _session;
    private ulong _sequence = 1;

    /// <summary>Writes it, and doesn't give up while that may help.</summary>
    /// <param name="request">What to write.</param>
    /// <param name="cancellation">The queue ends: what isn't written by then isn't.</param>
    /// <exception cref="GraftException">It can't be written, or nobody can tell any more whether it was.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal async Task<SqlAnswer> WriteAsync(SqlRequest request, CancellationToken cancellation)
    {
        bool mayBeDone = false;
        while (true)
        {
            try
            {
                if (_session == 0)
                {
                    _session = await group.OpenSessionAsync(Lifetime);
                    _sequence = 1;
                }

                var options = new WriteOptions { Session = _session, Sequence = _sequence, AnsweredBelow = _sequence };
                (SqlAnswer answer, _) = await database.ExecuteAsync(request, options, cancellation);
                _sequence++;
                return answer;
            }
            catch (Exception expired) when (!mayBeDone && expired is SessionExpiredException or RejectedException { Reason: RejectReason.SessionExpired })
            {
                _session = 0;
                continue;
            }
            catch (RejectedException passing) when (WriteAttempt.IsPassing(passing.Reason))
            {
                // Nothing happened. Somebody will lead.
            }
            catch (UnknownOutcomeException unknown) when (!unknown.IsAnswerLost)
            {
                mayBeDone |= _session != 0;
            }
            catch (GraftException)
            {
                // Its number may be used up, and the session with it.
                _session = 0;
                throw;
            }

            await Task.Delay(Pause, cancellation);
        }
    }
}
