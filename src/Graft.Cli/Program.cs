using Graft.Cli;

return await GraftProgram.RunAsync(args, Terminal.OfMachine());
