mod arm64;
mod assembled;
mod checks;
mod fixture;
mod real_kernels;
mod recorded;
mod totality;
mod x86_64;
