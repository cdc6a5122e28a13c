using System.IO.Pipelines;

namespace Graft.Simulation.Nodes;

/// <summary>One way of a connection: what is written at one end, and what has arrived at the other.</summary>
internal sealed class SimulatedLane(SimulatedNetwork network, string from, string target)
{
    private static readonly PipeOptions Options = new(useSynchronizationContext: true);

    private readonly Pipe _sent = new(Options);
    private readonly Pipe _arrived = new(Options);
    private readonly TaskCompletionSource _drained = new();
    private bool _isFlushing;
    private bool _isSenderOver;
    private bool _isReceiverOver;

    internal string From => from;

    internal string Target => target;

    internal PipeWriter Writer => _sent.Writer;

    internal PipeReader Reader => _arrived.Reader;

    /// <summary>Ends once all that was sent before the sender's end has arrived, or can't.</summary>
    internal Task DrainedAsync() => _drained.Task;

    /// <summary>Nothing more can be sent. What was sent goes on its way.</summary>
    internal void EndSender()
    {
        _isSenderOver = true;
        _sent.Writer.CancelPendingFlush();
        _sent.Writer.Complete();
    }

    /// <summary>Nothing more can be received, and what has arrived is lost.</summary>
    internal void EndReceiver()
    {
        _isReceiverOver = true;
        if (_isFlushing)
        {
            _arrived.Writer.CancelPendingFlush();
        }
        else
        {
            CompleteArrived(new IOException("The connection was reset."));
        }
    }

    internal async Task PumpAsync(CancellationToken over)
    {
        try
        {
            bool isEnd = false;
            while (!isEnd)
            {
                ReadResult read = await _sent.Reader.ReadAsync(CancellationToken.None);
                int length = (int)read.Buffer.Length;
                if (length > 1 && network.Random.Chance(network.Options.SplitPerMille))
                {
                    length = network.Random.Next(1, length - 1);
                }

                byte[] piece = System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, length));
                bool isAll = length == read.Buffer.Length;
                _sent.Reader.AdvanceTo(read.Buffer.GetPosition(length));
                isEnd = isAll && (read.IsCompleted || _isSenderOver);
                if (length > 0 || isEnd)
                {
                    await network.TravelAsync(from, target, over);
                }

                if (length > 0)
                {
                    await DeliverAsync(piece);
                }
            }

            if (!_isSenderOver)
            {
                // The sender has nothing more to say, and may go on listening.
                CompleteArrived(null);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is over, with what was under way.
        }

        _drained.TrySetResult();
        CompleteSent();
    }

    // In methods of their own, because in asynchronous ones the analyzers ask for others, which do the same.
    private void CompleteArrived(Exception? why) => _arrived.Writer.Complete(why);

    private void CompleteSent() => _sent.Reader.Complete(new IOException("The connection was reset."));

    private async Task DeliverAsync(byte[] piece)
    {
        if (_isReceiverOver)
        {
            return;
        }

        System.Buffers.BuffersExtensions.Write(_arrived.Writer, piece);
        _isFlushing = true;
        await _arrived.Writer.FlushAsync(CancellationToken.None);
        _isFlushing = false;
        if (_isReceiverOver)
        {
            CompleteArrived(new IOException("The connection was reset."));
        }
    }
}
