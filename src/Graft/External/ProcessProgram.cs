using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;

namespace Graft;

/// <summary>A program of this machine that is spoken to.</summary>
internal sealed class ProcessProgram : IProgram
{
    private const int ErrorsKept = 4 << 10;

    // Shorter than a group waits for its state machine at a stop, so that nothing is left behind.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(3);

    private readonly string _path;
    private readonly Process _process;
    private readonly ExternalOptions _options;
    private readonly PipeReader _output;
    private readonly Lock _gate = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _listening;
    private SequencePosition? _consumed;

    internal ProcessProgram(string path, Process process, ExternalOptions options)
    {
        (_path, _process, _options) = (path, process, options);
        _output = PipeReader.Create(process.StandardOutput.BaseStream);
        _listening = ListenAsync();
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, TimeProvider.System);
        try
        {
            Stream input = _process.StandardInput.BaseStream;
            await input.WriteAsync(lines, limit.Token);
            await input.FlushAsync(limit.Token);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or InvalidOperationException)
        {
            throw new ExternalProgramException($"{_path} doesn't read what it's told. {Ending()}", failure);
        }
    }

    public void Kill() => ProcessHost.Kill(_process);

    public async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellation)
    {
        if (_consumed is { } consumed)
        {
            _output.AdvanceTo(consumed);
            _consumed = null;
        }

        using var limit = new CancellationTokenSource(_options.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        while (true)
        {
            ReadResult read;
            try
            {
                read = await _output.ReadAsync(either.Token);
            }
            catch (OperationCanceledException slow) when (!cancellation.IsCancellationRequested)
            {
                throw new ExternalProgramException($"{_path} didn't answer in {_options.Timeout.TotalSeconds:0.#} s. {Ending()}", slow) { IsLate = true };
            }

            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                ReadOnlySequence<byte> line = read.Buffer.Slice(0, end);
                _consumed = read.Buffer.GetPosition(1, end);
                return line.IsSingleSegment ? line.First : line.ToArray();
            }

            if (read.Buffer.Length > _options.OutputBytesMax)
            {
                throw new ExternalProgramException($"{_path} wrote a line of more than {_options.OutputBytesMax} bytes.");
            }

            if (read.IsCompleted)
            {
                await HearLastWordsAsync();
                throw new ExternalProgramException($"{_path} has ended, and its state with it. {Ending()}");
            }

            _output.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            try
            {
                // The end of its input is how a program learns that it isn't needed any more.
                _process.StandardInput.Close();
                using var limit = new CancellationTokenSource(EndPatience, TimeProvider.System);
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (Exception failure) when (failure is IOException or OperationCanceledException or InvalidOperationException)
            {
                ProcessHost.Kill(_process);
            }

            await HearLastWordsAsync();
        }
    }

    private async Task ListenAsync()
    {
        char[] buffer = new char[1024];
        try
        {
            while (await _process.StandardError.ReadAsync(buffer, CancellationToken.None) is > 0 and int count)
            {
                lock (_gate)
                {
                    _errors.Append(buffer, 0, count);
                    if (_errors.Length > ErrorsKept)
                    {
                        _errors.Remove(0, _errors.Length - ErrorsKept);
                    }
                }
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // It has ended, one way or the other.
        }
    }

    private async Task HearLastWordsAsync()
    {
        try
        {
            await _listening.WaitAsync(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // Somebody else holds its standard error open.
        }
    }

    private string Ending()
    {
        lock (_gate)
        {
            string said = _errors.ToString().Trim();
            return said.Length == 0 ? "It wrote nothing to its standard error." : $"Its standard error ends with: {said}";
        }
    }
}
